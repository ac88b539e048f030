import type { NewTask } from '../journal/port/tasks.ts'
import type { RuleLink } from '../rule/link.ts'
import type { Change } from '../feed/port.ts'

/** Where a change comes from: dedupe, the brake and the way into the journal go by it. */
export type ChangeOrigin =
  /** A site told of it. */
  | { readonly kind: 'event' }
  /** A client of the gateway made it, and waits. */
  | { readonly kind: 'client' }
  /** A scan that began at this instant (epoch ms) found it: late perhaps, and perhaps what an event told before. */
  | { readonly kind: 'scan'; readonly startedAt: number }
  /** Tags or locks that differ, found by the slow pass. Nobody knows when they changed, so no brake counts them. */
  | { readonly kind: 'attributes' }
  /** A version that was set aside, and may be in step now. The brake counted it when it came. */
  | { readonly kind: 'again' }
  /**
   * A write that goes to a target while it goes to its source: not a change yet, so no brake counts it. `committed` hears the
   * numbers of the tasks a few milliseconds before they are on the disk.
   */
  | { readonly kind: 'dual-write'; readonly committed: (seqs: readonly number[]) => void }

/** What a link found out by itself: the rules decided of it before. */
export interface Found {
  readonly link: RuleLink
  readonly task: NewTask
}

/** A change that is in the journal for one link. */
export interface Placed<T = Change> {
  readonly change: T
  readonly link: RuleLink
  readonly seq: number
  /** Nothing of the version waited for the link before. Looked at for what a scan found; true for all else. */
  readonly isNew: boolean
}

/** The one door to the queue: what is offered here is decided by the rules, held against what waits, and shown to the brake. */
export interface Intake {
  /**
   * Durable when it resolves: one entry per change and link that wants it, link by link. Rejects with the journal's fault, or with
   * that of a brake which tripped and could not be put on record.
   */
  offer<T extends Change | Found>(changes: readonly T[], origin: ChangeOrigin): Promise<readonly Placed<T>[]>
  /** The links that such a change would go to. */
  linksFor(change: Pick<Change, 'siteId' | 'bucket' | 'key' | 'operation'>): readonly RuleLink[]
}
