import type { Activity } from '../../../../shared/model/activity.ts'
import type { ItemEvent, SettledBy } from '../../../../shared/model/task.ts'

/** A task that had failed and is settled. */
export interface EndedTask {
  readonly linkId: string
  readonly key: string
  readonly versionId: string | null
  readonly at: number
  /** null: a journal of an older release does not say. */
  readonly did: SettledBy | null
}

/** One stored sample of the charts; `linkId` '' for all links together. */
export interface Rollup {
  readonly linkId: string
  readonly at: number
  readonly backlogCount: number
  readonly backlogBytes: number
  readonly lagSeconds: number
  readonly objects: number
  readonly bytes: number
  readonly failures: number
  readonly rttMs: number | null
  /** How long the link was full: copies ran and more was ready to be copied. Then it did what it can, and no less. */
  readonly fullMs: number
  /** What it did in that time. */
  readonly fullObjects: number
  readonly fullBytes: number
}

export interface ActivityQuery {
  readonly ruleId: string | null
  readonly level: Activity['level'] | null
  /** Only those older than the entry of this id. */
  readonly before: number | null
  readonly limit: number
}

/**
 * Port: what was. Nothing is decided by it, all of it is bounded, and what is about a link goes with its link (activity stays).
 * Writes resolve when they are on disk and reject with the journal's fault; whoever tells what happened need not wait: they are
 * gathered, and are on disk in the order of their calls.
 */
export interface HistoryStore {
  addActivity(entry: Omit<Activity, 'id'>): Promise<void>
  /** Newest first. */
  activity(q: ActivityQuery): Promise<readonly Activity[]>
  /** A row replaces that of the same link and instant. */
  addRollups(rows: readonly Rollup[]): Promise<void>
  /** Those of that instant and later, oldest first. */
  rollups(linkId: string, since: number): Promise<readonly Rollup[]>
  /** What befell a version that failed, newest last; nothing of one that never did. Kept for a bounded time after it settled. */
  itemEvents(linkId: string, key: string, versionId: string | null): Promise<readonly ItemEvent[]>
  /** A task that failed, and is settled; null for any other, and when it is too long ago. */
  ended(seq: number): Promise<EndedTask | null>
  /** How many versions were copied without a property, by property; those that none lacks are left out. */
  notKept(linkId: string): Promise<ReadonlyMap<string, number>>
}
