import type { FeedView } from '../../../shared/model/rule.ts'
import type { Operation } from '../../../shared/model/task.ts'

/** Something that a site said happened to one object. Never trusted for content: the worker looks again. */
export interface Change {
  readonly siteId: string
  readonly bucket: string
  readonly key: string
  /** null where the event names none. */
  readonly versionId: string | null
  readonly operation: Operation
  readonly sizeBytes: number | null
  /** Epoch ms. */
  readonly changedAt: number
}

/** Where feeds put what they found: matches the rules, journals the tasks. Resolves when durable. */
export interface Intake {
  offer(changes: readonly Change[]): Promise<void>
}

/** A running source of changes for one bucket of one site. */
export interface Feed {
  view(): FeedView
  stop(): Promise<void>
}
