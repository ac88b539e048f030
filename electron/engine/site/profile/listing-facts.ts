import { nestedNeighbours, oddNeighbours } from '../../rule/canary-keys.ts'
import type { ListPosition, VersionEntry } from '../../store/port.ts'
import { unlessRefused, Undecided } from './answer.ts'
import type { ProbeContext } from './context.ts'
import type { FactValue } from '../../../../shared/model/site-facts.ts'

type Line = Pick<VersionEntry, 'key' | 'versionId'>

/** Keys around a slash, one with a delete marker between two versions: how a bucket lists shows on them. */
export interface Layout {
  /** As S3 lists it. */
  readonly lines: readonly Line[]
  /** The third key, which lies below the first; null where it was refused. */
  readonly nested: string | null
}

export async function writeLayout({ canary, versioned, signal }: ProbeContext): Promise<Layout> {
  const [first, beside, below] = nestedNeighbours
  const line = (neighbour: string, { versionId }: { readonly versionId: string | null }): Line => ({
    key: `${canary.key}${neighbour}`,
    versionId: versionId ?? 'null',
  })
  const history = [line(first, await canary.write(first, {}, signal))]
  if (versioned) {
    history.unshift(line(first, await canary.deleteMarker(first, signal)))
    history.unshift(line(first, await canary.write(first, {}, signal)))
  }
  const besides = line(beside, await canary.write(beside, {}, signal))
  const belows = await unlessRefused(() => canary.write(below, {}, signal))
  const nested = belows === null ? null : line(below, belows)
  return { lines: [...history, besides, ...(nested === null ? [] : [nested])], nested: nested?.key ?? null }
}

/** Are a key and another one below it both there, and listed? MinIO keeps both, and lists the upper one only. */
export async function nestedKeys(
  { store, view, canary, signal }: ProbeContext,
  { nested }: Layout,
  { whole }: LayoutWalk,
): Promise<FactValue<'nested-keys'>> {
  if (nested === null) return 'refused'
  for (const key of [`${canary.key}${nestedNeighbours[0]}`, nested])
    if ((await store.presence({ bucket: view.name, key }, { signal })) === 'absent') return 'changed'
  return whole.has(nested) ? 'kept' : 'unlisted'
}

export interface LayoutWalk {
  /** The keys that one large page shows. */
  readonly whole: ReadonlySet<string>
  /** What pages of one entry show. */
  readonly shown: readonly VersionEntry[]
  /** They never came to an end. */
  readonly isStuck: boolean
}

/** Lists the layout on one page, and one entry a page: whatever a page can do wrong where it ends, it does there. */
export async function walkLayout(context: ProbeContext, layout: Layout): Promise<LayoutWalk> {
  const { store, view, canary, signal } = context
  const { entries } = await store.listVersions({ bucket: view.name, prefix: canary.key }, { signal })
  return { whole: new Set(entries.map(({ key }) => key)), ...(await walkSingly(context, layout)) }
}

async function walkSingly(
  { store, view, canary, signal }: ProbeContext,
  { lines }: Layout,
): Promise<Omit<LayoutWalk, 'whole'>> {
  const shown: VersionEntry[] = []
  let from: ListPosition | undefined
  // A site may show an entry twice, or an empty page.
  for (let pages = 0; pages < lines.length * 2 + 2; pages++) {
    const prefix = `${canary.key}${nestedNeighbours[0]}`
    const page = await store.listVersions({ bucket: view.name, prefix, from, limit: 1 }, { signal })
    shown.push(...page.entries)
    if (page.next === null) return { shown, isStuck: false }
    from = page.next
  }
  return { shown, isStuck: true }
}

/** Do the keys come whole and in order? A key that is in no listing has nothing to do with pages. */
export function pagesVerdict(
  { lines, nested }: Layout,
  { whole, shown, isStuck }: LayoutWalk,
): FactValue<'listing-pages'> {
  if (isStuck) return 'stuck'
  const expected = lines.map(({ key }) => key).filter((key) => key !== nested || whole.has(key))
  const verdict = sequenceVerdict([...new Set(expected)], [...new Set(shown.map(({ key }) => key))])
  return verdict === 'in-order' && isRepeating(shown) ? 'repeats' : verdict
}

/** Do the versions and the marker of one key come whole, and newest first? */
export function markersVerdict(
  { store, canary, versioned }: ProbeContext,
  { lines }: Layout,
  { shown, isStuck }: LayoutWalk,
): FactValue<'listing-markers'> {
  if (!versioned) throw new Undecided('There are no delete markers where versioning is not on.')
  if (store.listingForm() === 'apart') return 'apart'
  if (isStuck) return 'stuck'
  const first = `${canary.key}${nestedNeighbours[0]}`
  const idsOf = (all: readonly Line[]): readonly string[] => [
    ...new Set(all.filter(({ key }) => key === first).map(({ versionId }) => versionId)),
  ]
  return sequenceVerdict(idsOf(lines), idsOf(shown))
}

function sequenceVerdict(
  expected: readonly string[],
  shown: readonly string[],
): 'in-order' | 'incomplete' | 'unordered' {
  if (expected.some((one) => !shown.includes(one))) return 'incomplete'
  return shown.join('\n') === expected.join('\n') ? 'in-order' : 'unordered'
}

const isRepeating = (shown: readonly Line[]): boolean =>
  new Set(shown.map(({ key, versionId }) => `${key} ${versionId}`)).size < shown.length

/** Is a key that some sites change stored as it was given? */
export async function oddKey(
  { store, view, canary, signal }: ProbeContext,
  id: keyof typeof oddNeighbours,
): Promise<'kept' | 'refused' | 'changed'> {
  const { keys, becomes } = oddNeighbours[id]
  for (const key of keys) if ((await unlessRefused(() => canary.write(key, {}, signal))) === null) return 'refused'
  const entries = await canary.all(store, view.name, signal)
  const names = new Set(entries.map(({ key }) => key.slice(canary.key.length)))
  if (keys.every((key) => names.has(key))) return 'kept'
  if ([...keys, ...becomes].some((key) => names.has(key))) return 'changed'
  throw new Undecided('What was written does not show in the listing.')
}
