import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ChangeStreamKind, Identity } from '../../../shared/model/site.ts'
import type { Vendor } from '../../../shared/model/site-profile.ts'
import type { ObjectStore } from '../store/port.ts'
import { withCanary, uuid, type Canary, type CanaryPorts } from './canary.ts'
import { probeListing } from './listing-canary.ts'
import type { UnsignedAnswer } from './network.ts'

const serverNames: readonly (readonly [RegExp, Vendor])[] = [
  [/lockstep/i, 'lockstep-sandbox'],
  [/rustfs/i, 'rustfs'],
  [/minio/i, 'minio'],
  [/ceph/i, 'ceph'],
  [/amazons3/i, 'aws'],
]

/** Who made the site, from what it answers to an unsigned request. */
export function vendorOf({ headers, text }: UnsignedAnswer): Vendor {
  const server = headers['server'] ?? ''
  const named = serverNames.find(([pattern]) => pattern.test(server))
  if (named !== undefined) return named[1]
  const names = Object.keys(headers)
  if (names.some((name) => name.startsWith('x-rustfs-'))) return 'rustfs'
  if (names.some((name) => name.startsWith('x-minio-'))) return 'minio'
  // Ceph before 19 sends no Server header: its request ids give it away, and its anonymous owner of no buckets.
  if (/^tx[0-9a-f]{10,}-/.test(headers['x-amz-request-id'] ?? '') || text.includes('<ID>anonymous</ID>')) return 'ceph'
  return 'other'
}

/** How a site tells of changes. One hidden behind a proxy that drops its name says nothing of itself: scan only. */
export const changeStreams: Readonly<Record<Vendor, ChangeStreamKind>> = {
  minio: 'listen',
  rustfs: 'listen',
  'lockstep-sandbox': 'listen',
  ceph: 'topic',
  aws: 'none',
  other: 'none',
}

export interface TargetIdentity {
  readonly identity: Identity
  /** A version that arrives late is placed by its own modification time. */
  readonly ordersByMtime: boolean
}

/**
 * Tries what a target bucket does with a chosen version id: writes canaries, reads back which ids they got, and removes
 * them. Ordinary users of Ceph are given ids of the site's own without a word, so an accepted request proves nothing. A bucket
 * that cannot be listed truly throws a LISTING_… fault: what is there would be written again, and what is not called equal.
 * Throws BUCKET_UNVERSIONED where versioning is not on, and ACCESS_DENIED where nothing may be written at all.
 */
export async function probeTarget(
  store: ObjectStore,
  bucket: string,
  ports: CanaryPorts,
  signal: AbortSignal,
): Promise<TargetIdentity> {
  const { value } = await withCanary(store, bucket, ports, signal, async (canary, versioned) => {
    if (!versioned) throw new FaultError(fault('BUCKET_UNVERSIONED', `Versioning is not enabled on ${bucket}.`))
    const found = await findIdentity(canary, store, bucket, ports, signal)
    await probeListing(canary, store, bucket, signal)
    return found
  })
  return value
}

/** What becomes of chosen version ids and times, in a bucket with versioning. Leaves versions under the canary's key. */
export async function findIdentity(
  canary: Canary,
  store: ObjectStore,
  bucket: string,
  ports: CanaryPorts,
  signal: AbortSignal,
): Promise<TargetIdentity> {
  const versions = (): ReturnType<Canary['versions']> => canary.versions(store, bucket, signal)
  const identity = await tryStyles(canary, versions, ports, signal)
  const ordersByMtime = identity === 'adopts-minio' && (await ordersByTime(canary, versions, ports, signal))
  return { identity, ordersByMtime }
}

type Versions = () => ReturnType<Canary['versions']>

async function tryStyles(
  canary: Canary,
  versions: Versions,
  { clock, random }: CanaryPorts,
  signal: AbortSignal,
): Promise<Identity> {
  for (const style of ['adopts-minio', 'adopts-ceph'] as const) {
    const asked = uuid(random)
    const accepted = await accepts(() => canary.put(style, asked, clock.now(), signal))
    if (accepted && (await versions()).some(({ versionId }) => versionId === asked)) return style
  }
  if ((await versions()).length === 0) await canary.put('mints', null, clock.now(), signal)
  return (await versions()).length > 0 ? 'mints' : 'unknown'
}

/** Sites may refuse the other family's parameters (RustFS without the right to replicate, AWS always): that is an answer too. */
async function accepts(put: () => Promise<unknown>): Promise<boolean> {
  try {
    await put()
    return true
  } catch (error) {
    if (error instanceof FaultError && ['ACCESS_DENIED', 'REQUEST_REFUSED', 'NOT_SUPPORTED'].includes(error.fault.code))
      return false
    throw error
  }
}

/** Writes a version that claims to be an hour old, and looks whether it became the current one. */
async function ordersByTime(
  canary: Canary,
  versions: Versions,
  { clock, random }: CanaryPorts,
  signal: AbortSignal,
): Promise<boolean> {
  const older = uuid(random)
  await canary.put('adopts-minio', older, clock.now() - 3_600_000, signal)
  const latest = (await versions()).find(({ isLatest }) => isLatest)
  return latest !== undefined && latest.versionId !== older
}
