import { z } from 'zod'
import type { Fault } from './fault.ts'
import type { SiteTraits } from './site-traits.ts'
import type { SiteProfile, Vendor } from './site-profile.ts'

export const siteId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use 1–63 lower-case letters, digits and dashes')

export const credentialsSchema = z.union([
  z.strictObject({ accessKeyId: z.string().min(1), secretAccessKey: z.string().min(1) }),
  /** Name prefix of two environment variables: `<env>_ACCESS_KEY_ID` and `<env>_SECRET_ACCESS_KEY`. */
  z.strictObject({ env: z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'use an environment variable prefix such as SITE_A') }),
])
export type Credentials = z.infer<typeof credentialsSchema>

export const siteSchema = z.strictObject({
  id: siteId,
  name: z.string().min(1).max(80),
  endpoint: z.url({ protocol: /^https?$/, error: 'use a full URL such as https://s3.example.org:9000' }),
  region: z.string().min(1).default('us-east-1'),
  /** true: https://host/bucket/key; false: https://bucket.host/key. */
  pathStyle: z.boolean().default(true),
  tls: z
    .strictObject({ caFile: z.string().min(1).optional(), insecureSkipVerify: z.boolean().default(false) })
    .default({ insecureSkipVerify: false }),
})
/** A site without its credentials: what the console and exports may see. */
export type Site = Readonly<z.infer<typeof siteSchema>>

export const siteWithCredentialsSchema = siteSchema.extend({ credentials: credentialsSchema })
export type SiteWithCredentials = Readonly<z.infer<typeof siteWithCredentialsSchema>>

/** Does a target keep the version id, or mint one of its own? Probed with a canary, never assumed. */
export type Identity = 'adopts-minio' | 'adopts-ceph' | 'mints' | 'unknown'
export type ChangeStreamKind = 'listen' | 'topic' | 'none'

/** What a site can do, as probed at `probedAt`. */
export interface Capabilities {
  readonly vendor: Vendor
  readonly identity: Identity
  /** Versions placed by their own modification time (MinIO), so a late arrival cannot become current. */
  readonly ordersByMtime: boolean
  /** `listen`: MinIO/RustFS event stream; `topic`: bucket notifications pushed to a webhook; `none`: scan only. */
  readonly changeStream: ChangeStreamKind
  /** What was found out of this very site, before which the words on its kind of server count for nothing. */
  readonly measured: Partial<SiteTraits>
  readonly probedAt: number
}

export interface Stat {
  readonly current: number
  readonly average: number
  /** What is typical: one slow answer does not move it. */
  readonly median: number
  readonly max: number
}

/** How many probes the numbers of {@link SiteHealth} stand on. */
export interface ProbeCounts {
  /** In the window of `rttMs`, `jitterMs` and `probeLoss`. */
  readonly recent: number
  /** Since `sinceAt`, while the site was online: what failed of these was lost on the way, and was no outage. */
  readonly counted: number
  readonly failed: number
  /** Epoch ms at which Lockstep began to watch the site; `totalDownMs` counts from here too. */
  readonly sinceAt: number
  /** Epoch ms of the last probe; null before the first ended. */
  readonly lastAt: number | null
}

/** Health as measured by the engine's own probes; `asOf` in epoch ms. */
export interface SiteHealth {
  readonly state: 'online' | 'offline' | 'unknown'
  readonly asOf: number
  /** Milliseconds, of the last 60 probes. */
  readonly rttMs: Stat | null
  readonly jitterMs: number | null
  /** Failed probes of the last 60, 0–1. */
  readonly probeLoss: number | null
  readonly probes: ProbeCounts
  /** This machine's clock minus the site's, milliseconds (resolution 1 s). */
  readonly clockSkewMs: number | null
  readonly downSince: number | null
  readonly totalDownMs: number
  /** Bytes per second seen by transfers in the last 10 s, read from / written to this site. */
  readonly readBytesPerSecond: number
  readonly writeBytesPerSecond: number
  readonly lastFault: Fault | null
}

export interface SiteView extends Site {
  readonly paused: boolean
  readonly credentialsFrom: 'vault' | 'keychain' | 'environment' | 'config'
  readonly accessKeyHint: string
  readonly health: SiteHealth
  /** Read from the profile: what the engine goes by. */
  readonly capabilities: Capabilities | null
  /** What is known of the site besides its health; null: it was never asked who it is. */
  readonly profile: SiteProfile | null
  /** The region that the site itself named, where it is not the one that it is set to: requests are signed for it. */
  readonly signsFor: string | null
  readonly usedByRules: readonly string[]
}

export interface BucketView {
  readonly name: string
  /** `unknown`: the site has no answer to that question, or the key may not ask it. */
  readonly versioning: 'Enabled' | 'Suspended' | 'Off' | 'unknown'
  /** The key may not ask for versioning. */
  readonly versioningUntold?: true
  readonly objectLock: boolean
  /** The key may not ask for object lock; none was taken for the answer. */
  readonly lockUntold?: true
  /** What is written without a retention of its own gets the bucket's. */
  readonly locksByDefault?: true
}
