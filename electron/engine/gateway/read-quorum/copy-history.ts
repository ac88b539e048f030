/** The versions of one key at one copy, under names that are the same everywhere. */
export interface CopyHistory {
  /** Newest first; [] when nothing is there. */
  readonly names: readonly string[]
  /** Epoch ms of the newest one's first write. */
  readonly modifiedAt: number
  readonly isSource: boolean
  /** Nothing is on its way there, as far as the journal knows. */
  readonly isSettled: boolean
}

/**
 * The newest version of a key among copies that differ; null when none has any. A version that lies below another at any
 * copy is older than that one, whatever the clocks say. Of what is left, versions that never met at one copy: one at a
 * copy that the source's has yet to reach is older than the source's; otherwise the later one wins.
 */
export function newestOf(copies: readonly CopyHistory[]): string | null {
  const filled = copies.filter(({ names }) => names.length > 0)
  const open = filled.filter(({ names }) => !filled.some((other) => other.names.indexOf(names[0]!) > 0))
  // Copies that contradict each other: one is being put in order at this moment.
  const candidates = open.length > 0 ? open : filled
  const fromSource = candidates.find(({ isSource }) => isSource)
  const best = candidates
    .filter((copy) => copy.isSource || copy.isSettled || fromSource === undefined)
    .toSorted((a, b) => b.modifiedAt - a.modifiedAt || compareText(b.names[0]!, a.names[0]!))
  return best[0]?.names[0] ?? null
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
