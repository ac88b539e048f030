import type { Pumped } from '../s3/pumped.ts'
import type { WireAnswer } from '../store/wire/request.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { MarkPlace } from '../replicate/origin.ts'
import type { ListRequest, VersionPage } from '../store/port.ts'
import type { HeaderMap } from '../store/wire/response-head.ts'
import type { ClientBody } from './client-body.ts'
import type { ClientKey } from './client-keys.ts'
import type { AckKeeper } from './acks/ack-keeper.ts'
import type { PlacingIntake } from '../feed/port.ts'
import type { S3Call } from './protocol/read-call.ts'
import type { Replicas } from './replicas.ts'
import type { Together } from './together/together.ts'
import type { Upstream } from './upstream.ts'

/** What the operations work with. */
export interface GatewayWorld {
  /** The site that the gateway fronts. */
  readonly siteId: string
  readonly upstream: Upstream
  readonly intake: PlacingIntake
  readonly acks: AckKeeper
  readonly together: Together
  readonly replicas: Replicas
  /** One page of the versions of a bucket of any site. */
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  /** A read found that the source of a rule has an older version of a key than `newerAt`, and no rule brings that one back. */
  readonly cannotMend: (rule: Rule, key: string, newerAt: BucketAt) => void
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

/** One request that has passed the signature check and the limits of its key. */
export interface Exchange {
  readonly call: S3Call
  readonly body: ClientBody
  readonly grant: ClientKey
  /** Whether the client's key still is what it was: for answers that have no end. */
  readonly stillAdmitted: () => boolean
  /** Ends when the client goes away. */
  readonly signal: AbortSignal
}

/** What the client gets: the site's answer, and what the gateway has to add. */
export interface Reply {
  readonly answer: Pick<WireAnswer, 'status' | 'headers' | 'bytes'> & { readonly stream: Pumped | null }
  /** Over the site's; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>
  /** Asked before each piece of a stream; the client hears no more once it is false. */
  readonly stillAdmitted?: () => boolean
  readonly acks?: string
  readonly servedBy?: string
}

export type Operation = (world: GatewayWorld, exchange: Exchange) => Promise<Reply>
