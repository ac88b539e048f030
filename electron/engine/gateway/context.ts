import type { Fault } from '../../../shared/model/fault.ts'
import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { MarkPlace } from '../replicate/marks/origin.ts'
import type { ListRequest, VersionPage } from '../store/port.ts'
import type { HeaderMap } from '../s3/headers.ts'
import type { AckKeeper } from './acks/ack-keeper.ts'
import type { Intake } from '../intake/port.ts'
import type { Replicas } from './replicas.ts'
import type { DualWriter } from './dual-write/dual-write.ts'
import type { Exchange, Reply } from './exchange.ts'
import type { Upstream } from './upstream.ts'

/** What the operations work with. */
export interface GatewayContext {
  /** The site that the gateway fronts. */
  readonly siteId: string
  readonly upstream: Upstream
  readonly intake: Intake
  readonly acks: AckKeeper
  readonly dualWriter: DualWriter
  readonly replicas: Replicas
  /** One page of the versions of a bucket of any site. */
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  /** A read found that the source of a rule has an older version of a key than `newerAt`, and no rule brings that one back. */
  readonly cannotRepair: (rule: Rule, key: string, newerAt: BucketAt) => void
  /** Were the marks in the headers of an object written by Lockstep, for this place and this content? */
  readonly isSealed: (headers: HeaderMap, place: MarkPlace) => boolean
  /** Does the rule name the client's key (SSE-C) of this MD5, and is it at hand? */
  readonly namesKey: (rule: Rule, md5: string) => boolean
  readonly journalFault: () => Fault | null
  /** All that there are, with those that are paused or switched off. */
  readonly rules: () => readonly Rule[]
  /** Its brake has stopped the rule: what it promises can only be kept after somebody has looked. */
  readonly stoppedByBrake: (rule: Rule) => boolean
  readonly now: () => number
}

export type GatewayOperation = (context: GatewayContext, exchange: Exchange) => Promise<Reply>
