import type { Rule } from '../../../shared/model/rule.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { VersionEntry } from '../store/port.ts'

/** One key as both listings show it, versions newest first. */
export interface KeyView {
  readonly key: string
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  readonly pairs: readonly VersionPair[]
  /** When the pages that show the two sides were asked for. */
  readonly sourceAskedAt: number
  readonly targetAskedAt: number
}

/** What a scan honours besides the filter. */
export type ScanSwitches = Pick<Rule, 'deleteMarkers' | 'versionDeletes' | 'metadata'>

export interface KeyContext {
  readonly linkId: string
  readonly switches: ScanSwitches
  /** Versions older than this stay where they are (a rule without existing objects); 0 takes all. */
  readonly since: number
  /** How far the two sites' clocks may be apart, beyond the second that listings are coarse. */
  readonly skewMs: number
  readonly now: number
  /** An operator's full pass: tags and locks of every version are compared, whatever the listings say. */
  readonly thorough: boolean
  /** When the last full scan began: what was not touched since then was compared then. 0 when there was none. */
  readonly changedSince: number
  /** The source sends an event when tags or locks change. */
  readonly tellsOfTags: boolean
  /** The target keeps the source's version ids, and no other source writes there. */
  readonly sharesIds: boolean
  /** Versions that lie in another order at the target may be put in the source's. */
  readonly restoresOrder: boolean
  /** Epoch ms: what others wrote at the target before is covered by the version that the source shows; 0: nothing. */
  readonly coversBefore: number
  /** Another rule copies the other way: where tags differ, the listings do not tell which side is right. */
  readonly twoWay: boolean
}
