import { z } from 'zod'
import { deleteBrakeSchema, overwriteBrakeSchema, type BrakeReport } from './brake.ts'
import type { AttributesView } from './attributes.ts'
import { siteId } from './site.ts'
import type { Fault, FaultCode } from './fault.ts'
import { sseCKeyName } from './sse-c-key.ts'

/** S3's own rules for names, relaxed as far as Ceph and MinIO relax them. */
export const bucketName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, 'use 3–63 lower-case letters, digits, dots and dashes')

export const bucketAt = z.strictObject({ site: siteId, bucket: bucketName })
export type BucketAt = Readonly<z.infer<typeof bucketAt>>

const filterSchema = z.strictObject({
  prefix: z.string().max(1024).default(''),
  /** Globs over the whole key: `*` any run without `/`, `**` any run, `?` one character but `/`. A match is left out. */
  exclude: z.array(z.string().min(1)).default([]),
  /** All of these tags must be on the version. */
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).default({}),
})
export type Filter = Readonly<z.infer<typeof filterSchema>>

export const ackSchema = z.strictObject({
  policy: z.enum(['async', 'one', 'majority', 'all']).default('async'),
  timeoutMs: z.int().min(100).max(600_000).default(10_000),
  onTimeout: z.enum(['fail', 'degrade']).default('fail'),
  /**
   * Where the gateway reads an object: at the source; or at as many copies as it takes to meet one that has the newest
   * acknowledged write, whichever those are. How many follows from the policy.
   */
  reads: z.enum(['source', 'quorum']).default('source'),
})

/** What becomes of properties that a copy cannot simply keep. */
export const fidelitySchema = z.strictObject({
  /** A key of the target's key service, for what is under SSE-KMS at the source; null refuses such objects. */
  kmsKeyId: z.string().min(1).max(2048).nullable().default(null),
  /** Keys of clients, by name, for what is under SSE-C at the source: its copy is put under the same key. Empty refuses such objects. */
  sseCKeys: z.array(sseCKeyName).max(20).default([]),
  /** Tags that the target refuses: `stop` lists the object as a failure, `leave-out` copies it without those tags. */
  refusedTags: z.enum(['stop', 'leave-out']).default('stop'),
  /** Governance retention that was shortened at the source is shortened at the target too, past its protection. */
  shortenGovernance: z.boolean().default(false),
  /** What the ACL grants to everyone and to signed-in users: left at the source, or carried, for a request more per version. */
  acl: z.enum(['leave', 'carry']).default('leave'),
})

export const ruleSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use 1–63 lower-case letters, digits and dashes'),
  enabled: z.boolean().default(true),
  /** Higher goes first when workers are short. */
  priority: z.int().min(0).max(1000).default(1),
  source: bucketAt,
  targets: z.array(bucketAt).min(1).max(8),
  filter: filterSchema.default({ prefix: '', exclude: [], tags: {} }),
  /** Copy what is there already, all versions. */
  existingObjects: z.boolean().default(true),
  deleteMarkers: z.boolean().default(true),
  /** Permanent deletes of single versions are repeated at the target. */
  versionDeletes: z.boolean().default(false),
  /** Keep tags and metadata of copied versions in step. */
  metadata: z.boolean().default(true),
  /**
   * How fast tags and locks of all copied versions are compared again, round after round, for changes of which no event told:
   * versions a second. `auto`: 5 where the source sends no event for them, 1 where it does, 25 over all rules.
   */
  attributePass: z
    .union([z.enum(['auto', 'off']), z.strictObject({ perSecond: z.int().min(1).max(1000) })])
    .default('auto'),
  objectLock: z.enum(['replicate', 'ignore']).default('replicate'),
  fidelity: fidelitySchema.default({
    kmsKeyId: null,
    sseCKeys: [],
    refusedTags: 'stop',
    shortenGovernance: false,
    acl: 'leave',
  }),
  /** Storage class at the target; null keeps the source's where the target has it. */
  storageClass: z.string().nullable().default(null),
  bandwidth: z
    .strictObject({ bytesPerSecond: z.int().min(1024, 'at least 1024 (1 KiB/s)').nullable() })
    .default({ bytesPerSecond: null }),
  ack: ackSchema.default({ policy: 'async', timeoutMs: 10_000, onTimeout: 'fail', reads: 'source' }),
  deleteBrake: deleteBrakeSchema.nullable().default({ count: 1000, share: 0.5, windowMs: 600_000, bucketShare: 0.5 }),
  overwriteBrake: overwriteBrakeSchema.nullable().default({ count: 100, bucketShare: 0.25, windowMs: 600_000 }),
  /**
   * What becomes of versions that others wrote at the target. Where the rule is started or resumed and would bring its own on top:
   * `stop` and let the operator decide, or `cover` them (they stay below, as older versions). Where a scan finds them on top of a
   * replica while the rule runs: count and name them until the operator decides, or `cover` them too. Of opposite rules neither is asked.
   */
  onTargetWrites: z.enum(['stop', 'cover']).default('stop'),
  /** How often both sides are compared by a merge scan, seconds; the safety net behind every event feed. */
  scanIntervalSeconds: z.int().min(5).max(604_800).default(300),
})
export type Rule = Readonly<z.infer<typeof ruleSchema>>
export type AckPolicy = Rule['ack']['policy']
export type RuleInput = z.input<typeof ruleSchema>

/** One rule's way from its source to one of its targets: what is queued, measured and shown. Its id is a name, and no more. */
export interface LinkId {
  readonly ruleId: string
  readonly target: BucketAt
  readonly linkId: string
}

/** What a held link stands before. Links with the same `what`, `code` and `site` are held by one cause. */
export interface HeldBy {
  /**
   * `journal`: it cannot be written. `offline`: a site does not answer. `target`: it could not be tried out. `look`: nobody
   * could see what others wrote at the target. `listing`: changes cannot be read. `bucket`: one is not any more what it was.
   */
  readonly what: 'journal' | 'offline' | 'target' | 'look' | 'listing' | 'bucket'
  readonly code: FaultCode
  /** Where; null when it is at no site. */
  readonly siteId: string | null
  readonly siteName: string | null
  /** The region or endpoint that the site itself names; null when it names none. */
  readonly elsewhere: Elsewhere | null
}

/**
 * How a bucket of a link is not any more what it was, though nothing is held by it. `unversioned`: a source keeps no versions any more.
 * `lock-lost`: it had object lock. `made-anew`: it is another bucket of that name, until both sides were looked over. `rights-lost`: what
 * the key could do there, it may not do.
 */
export const driftKinds = ['unversioned', 'lock-lost', 'made-anew', 'rights-lost'] as const
export type DriftKind = (typeof driftKinds)[number]

export interface BucketDrift {
  readonly what: DriftKind
  readonly at: BucketAt
  /** Epoch ms at which it was noticed. */
  readonly since: number
  /** What is, and what that means, in a sentence or two. */
  readonly reason: string
  /** What to do, and when it goes away. */
  readonly remedy: string
}

/** Where a site says that it, or a bucket of it, is to be asked. */
export interface Elsewhere {
  readonly region: string | null
  /** An endpoint that credentials are not sent to unasked: another host than the site’s own. */
  readonly endpoint: string | null
}

/** How a link hears of changes besides its scans. */
export type EventsState =
  | { readonly kind: 'told' }
  /** The source has no events for it: scans find everything. */
  | { readonly kind: 'none' }
  | { readonly kind: 'connecting' }
  /** It should, and does not: scans come closer. */
  | {
      readonly kind: 'unavailable'
      readonly since: number
      readonly fault: Fault
      readonly scanEverySeconds: number
    }

/** Why a rule or link is not simply running: shown as its badge with `reason` and `remedy`. */
export type LinkState =
  | { readonly kind: 'in-step' }
  | { readonly kind: 'copying' }
  | { readonly kind: 'first-copy' }
  | {
      readonly kind: 'paused'
      readonly by: 'operator' | 'site' | 'brake'
      readonly reason: string
      readonly remedy: string
    }
  /** Nothing is pending for some keys, and its two sides do not show the same version of them. */
  | {
      readonly kind: 'not-converging'
      /** Of a one-way rule: others wrote them at the target, on top of what the rule brought. */
      readonly byOthers?: true
      readonly count: number
      readonly reason: string
      readonly remedy: string
    }
  /** The engine holds it, and only a decision lets it go on. */
  | {
      readonly kind: 'stopped'
      readonly by: 'topology' | 'target-writes'
      readonly reason: string
      readonly remedy: string
    }
  /** The engine finds out what it needs to know: it ends by itself. */
  | { readonly kind: 'waiting'; readonly reason: string; readonly remedy: string }
  /** Nothing moves, or nothing can be seen, until a cause is mended: the worst state. */
  | { readonly kind: 'held'; readonly by: HeldBy; readonly reason: string; readonly remedy: string }
  | { readonly kind: 'failing'; readonly reason: string; readonly remedy: string }
  | { readonly kind: 'disabled' }

const currentVersionSchema = z.object({
  versionId: z.string(),
  modifiedAt: z.number(),
  sizeBytes: z.number(),
  deleteMarker: z.boolean(),
})
/** What a client finds at one side; null where the key has no version. */
export type CurrentVersion = Readonly<z.infer<typeof currentVersionSchema>>

export const twoSidedKeySchema = z.object({
  key: z.string(),
  source: currentVersionSchema.nullable(),
  target: currentVersionSchema.nullable(),
})
export type TwoSidedKey = Readonly<z.infer<typeof twoSidedKeySchema>>

/** Keys of one link that want a look, the first of them by name. */
export interface LinkKeys {
  readonly linkId: string
  /**
   * `target-writes`: somebody else wrote them at the target, and the rule would cover them; it is stopped. `covered`: others wrote
   * or deleted them there, on top of what the rule brought; it goes on.
   */
  readonly kind: 'not-converging' | 'target-writes' | 'covered'
  readonly count: number
  readonly keys: readonly TwoSidedKey[]
}

/** A scan that looked at every key and ended. */
export interface ScanEnd {
  readonly startedAt: number
  readonly endedAt: number
  readonly keys: number
  /** Versions that it found not in step. */
  readonly differences: number
}

export interface FeedView {
  readonly kind: 'listen' | 'webhook' | 'scan'
  readonly state: 'live' | 'connecting' | 'idle' | 'scanning' | 'fault'
  readonly lastEventAt: number | null
  readonly fault: Fault | null
  /** Scan only: the one under way; null while none is. */
  readonly scan: { readonly startedAt: number; readonly keys: number } | null
  /** Scan only: the last one that looked at every key to the end, in this run of the engine. All its numbers are of that one. */
  readonly lastScan: ScanEnd | null
}

export interface LinkView extends LinkId {
  readonly source: BucketAt
  readonly state: LinkState
  /** Epoch ms since when the state, with its cause, is what it is. */
  readonly stateSince: number
  readonly asOf: number
  /** Set while nobody can see whether more waits than `backlogCount` says; the counts are then the least there is. */
  readonly unknown: { readonly since: number; readonly reason: string } | null
  /** Epoch ms at which a scan last ended that looked at every key; null when none has in this run. */
  readonly lookedAt: number | null
  readonly events: EventsState
  /** Tasks not settled, parked ones left out. */
  readonly backlogCount: number
  readonly backlogBytes: number
  /** Epoch ms of the oldest unsettled change (RPO now = asOf − this); null when nothing is pending. */
  readonly oldestPendingAt: number | null
  readonly inFlight: number
  readonly failing: number
  readonly parked: number
  /** Keys that were written at both sides of an opposite pair and do not come together. */
  readonly notConverging: number
  readonly objectsPerSecond: number
  readonly bytesPerSecond: number
  /** Settled since the rule was made. */
  readonly settledCount: number
  readonly settledBytes: number
  readonly failuresLastHour: number
  /** Seconds until the backlog is gone at the present rate; null when it does not shrink. */
  readonly drainSeconds: number | null
  /** Epoch ms when it was last asked whether both buckets are still what they were; null before the first time. */
  readonly bucketsAskedAt: number | null
  /** What of that the keys may not ask and never could: the rights that it takes, such as `s3:GetBucketVersioning on a/data`. */
  readonly bucketsUntold: readonly string[]
  /** How its buckets are not any more what they were; what holds the link is its state, and not here. */
  readonly drift: readonly BucketDrift[]
  /** null where the rule leaves tags and locks as they were when they were copied. */
  readonly attributes: AttributesView | null
}

/** What is worth saying of a rule though nothing keeps it from running. */
export interface RuleCaution {
  readonly message: string
  readonly remedy: string
}

/** A rule that answers the gateway's clients as `async` for the time being: its targets did not confirm in time. */
export interface Degraded {
  readonly since: number
  /** One plain sentence. */
  readonly reason: string
}

export interface RuleView extends Rule {
  readonly paused: {
    readonly by: 'operator' | 'brake'
    readonly reason: string
    readonly at: number
    /** What the brake saw; not where the operator paused, nor where an older engine did. */
    readonly brake?: BrakeReport | undefined
  } | null
  readonly links: readonly LinkView[]
  readonly feeds: readonly FeedView[]
  /** How fast a change is noticed, in one sentence. */
  readonly noticedBy: string
  /** Set while writes through the gateway are answered as `async` though the rule promises more. */
  readonly degraded: Degraded | null
  readonly cautions: readonly RuleCaution[]
}

/** The rule without what the engine adds to show it: the schema refuses unknown fields. */
export function ruleOf(view: RuleView): Rule {
  const names = Object.keys(ruleSchema.shape) as (keyof Rule)[]
  return ruleSchema.parse(Object.fromEntries(names.map((name) => [name, view[name]])))
}
