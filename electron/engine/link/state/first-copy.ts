import type { Tell } from '../../log/activity.ts'
import type { ReadsAtOnce } from '../../journal/port/tasks.ts'
import type { Remembered } from '../../journal/remembered.ts'
import type { Link } from '../link.ts'

export interface FirstCopyParts {
  readonly atOnce: Pick<ReadsAtOnce, 'lastSeq' | 'isPendingUpTo' | 'totals'>
  /** When the first copies ended, by link. */
  readonly marks: Remembered
  readonly link: (linkId: string) => Link | null
  readonly siteName: (siteId: string) => string
  readonly tell: Tell
  readonly now: () => number
}

/** An end that is not dated is long past. */
const instantOf = (kept: unknown): number => (typeof kept === 'number' ? kept : 0)
const items = (count: number): string => `${count.toLocaleString('en')} ${count === 1 ? 'item needs' : 'items need'}`

/**
 * The first copy of a link has ended when a scan has looked at every key, and all that was queued by then is settled or set
 * aside; what came later is no part of it. Kept, so that a restart does not start it again.
 */
export class FirstCopies {
  readonly #parts: FirstCopyParts
  /** Not read from the marks: of a link that is forgotten these go first, and until it has gone its first copy must not end again. */
  readonly #endedAt = new Map<string, number>()
  /** By link, the last task that may belong to its first copy; known when a scan has ended. */
  readonly #lastOf = new Map<string, number>()

  constructor(parts: FirstCopyParts) {
    this.#parts = parts
    const { marks } = parts
    for (const linkId of marks.names()) this.#endedAt.set(linkId, instantOf(marks.get(linkId)))
  }

  /** Epoch ms since when the link carries changes only; null while what the source held already is being copied. */
  endedAt(linkId: string): number | null {
    return this.#endedAt.get(linkId) ?? null
  }

  /** A scan has looked at every key of the link, and what it found is queued. */
  scanned(linkId: string): void {
    if (this.#endedAt.has(linkId)) return
    if (!this.#lastOf.has(linkId)) this.#lastOf.set(linkId, this.#parts.atOnce.lastSeq())
    this.#look(linkId)
  }

  /** The journal has it: the task is settled, or set aside. */
  taskEnded(linkId: string, seq: number): void {
    if (seq <= (this.#lastOf.get(linkId) ?? 0)) this.#look(linkId)
  }

  forget(linkId: string): void {
    this.#endedAt.delete(linkId)
    this.#lastOf.delete(linkId)
    void this.#parts.marks.erase(linkId).catch(() => undefined)
  }

  #look(linkId: string): void {
    const { atOnce, marks, link, now } = this.#parts
    const found = link(linkId)
    if (found === null || atOnce.isPendingUpTo(linkId, this.#lastOf.get(linkId) ?? 0)) return
    const at = now()
    this.#lastOf.delete(linkId)
    this.#endedAt.set(linkId, at)
    // In one turn: both go to the disk together.
    void marks.write(linkId, at).catch(() => undefined)
    this.#tellEnd(found)
  }

  #tellEnd({ linkId, ruleId, target, rule }: Link): void {
    const { atOnce, siteName, tell } = this.#parts
    const { parked, settledCount } = atOnce.totals(linkId)
    const what = `${rule.existingObjects ? 'First copy' : 'First look'} of rule ${ruleId} to ${siteName(target.site)} ended`
    const done = settledCount === 1 ? '1 version' : `${settledCount.toLocaleString('en')} versions`
    const brought = settledCount === 0 ? 'nothing had to be brought' : `${done} settled since the rule began`
    const level = parked > 0 ? 'warning' : 'info'
    const aside = parked > 0 ? ` ${items(parked)} attention: see Failures.` : ''
    tell(level, 'rule', `${what}: ${brought}.${aside}`, { ruleId })
  }
}
