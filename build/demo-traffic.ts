import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'

/** One change that the demo's traffic makes at the source. */
export type DemoChange =
  | { readonly kind: 'put'; readonly key: string; readonly sizeBytes: number }
  | { readonly kind: 'large'; readonly key: string; readonly parts: number }
  | { readonly kind: 'tag'; readonly key: string; readonly tag: string }
  | { readonly kind: 'delete'; readonly key: string }
  /** Deletes the oldest version for good, so that the demo's disk use stays bounded. */
  | { readonly kind: 'purge'; readonly key: string }

/** A number from 0 up to 1. */
export type Random = () => number

const folders = ['invoices/2026', 'photos/raw', 'backups/mail', 'logs/gateway', 'models/weights'] as const
const endings = ['pdf', 'jpg', 'tar.zst', 'log', 'bin'] as const
const tagValues = ['draft', 'checked', 'archived'] as const
const maxKeys = 600
export const partBytes = 5 * 1024 * 1024

/** Mulberry32: small, fast and the same on every machine for one seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Chooses the next change over the keys that are there: mostly small puts, now and then something large. */
export function nextChange(random: Random, keys: readonly string[], serial: number): DemoChange {
  const dice = random()
  const known = keys[Math.floor(random() * keys.length)]
  if (known === undefined || (dice < 0.45 && keys.length < maxKeys)) return put(newKey(random, serial), random)
  if (dice < 0.72) return put(known, random)
  if (dice < 0.83) return { kind: 'tag', key: known, tag: pick(tagValues, random) }
  if (dice < 0.9) return { kind: 'delete', key: known }
  if (dice < 0.992) return { kind: 'purge', key: known }
  return { kind: 'large', key: `videos/take-${1 + Math.floor(random() * 5)}.mov`, parts: 2 + Math.floor(random() * 4) }
}

const pick = <T>(from: readonly [T, ...T[]], random: Random): T => from[Math.floor(random() * from.length)] ?? from[0]

function newKey(random: Random, serial: number): string {
  const kind = Math.floor(random() * folders.length)
  return `${folders[kind] ?? folders[0]}/${String(serial).padStart(6, '0')}.${endings[kind] ?? endings[0]}`
}

/** Sizes as they are met: many small, few of hundreds of kilobytes. */
const put = (key: string, random: Random): DemoChange => ({
  kind: 'put',
  key,
  sizeBytes: Math.floor(512 * 2 ** (9 * random() ** 3)),
})

export interface TrafficOptions {
  readonly s3: S3Client
  /** Every other put takes the way of a client that uses Lockstep's gateway. */
  readonly gateway: S3Client
  readonly bucket: string
  readonly random: Random
  readonly changesPerSecond: number
  readonly delay: (delayMs: number) => Promise<void>
  readonly signal: AbortSignal
  /** Called once, when what counts as existing objects is there. */
  readonly whenSeeded: () => void
}

/** Changes the source until the signal ends it. The first `seedCount` puts come at once. */
export async function runTraffic(options: TrafficOptions, seedCount: number): Promise<void> {
  const keys = new Set<string>()
  for (let serial = 0; !options.signal.aborted; serial += 1) {
    const seeding = serial < seedCount
    if (serial === seedCount) options.whenSeeded()
    const change = seeding
      ? put(newKey(options.random, serial), options.random)
      : nextChange(options.random, [...keys], serial)
    await make(options, change, !seeding && options.random() < 0.5)
    if (change.kind === 'delete') keys.delete(change.key)
    else keys.add(change.key)
    if (!seeding) await options.delay((2 * options.random() * 1000) / options.changesPerSecond)
  }
}

async function make(
  { s3, gateway, bucket, random }: TrafficOptions,
  change: DemoChange,
  byGateway: boolean,
): Promise<void> {
  const at = { Bucket: bucket, Key: change.key }
  switch (change.kind) {
    case 'put': {
      const put = new PutObjectCommand({ ...at, Body: bytes(change.sizeBytes, random) })
      // Whoever turns the gateway off in the console must not stop the demo.
      await (byGateway ? gateway.send(put).catch(() => s3.send(put)) : s3.send(put))
      return
    }
    case 'large':
      await putLarge(s3, at, change.parts, random)
      return
    case 'tag':
      await s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'state', Value: change.tag }] } }))
      return
    case 'delete':
      await s3.send(new DeleteObjectCommand(at))
      return
    case 'purge':
      await purgeOldest(s3, at)
  }
}

interface At {
  readonly Bucket: string
  readonly Key: string
}

async function putLarge(s3: S3Client, at: At, parts: number, random: Random): Promise<void> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(at))
  const done: { PartNumber: number; ETag: string | undefined }[] = []
  for (let PartNumber = 1; PartNumber <= parts; PartNumber += 1) {
    const Body = bytes(partBytes, random)
    const { ETag } = await s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }))
    done.push({ PartNumber, ETag })
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: done } }))
  await purgeOldest(s3, at)
}

async function purgeOldest(s3: S3Client, { Bucket, Key }: At): Promise<void> {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
  const oldest = Versions.filter((version) => version.Key === Key)
    .slice(1)
    .at(-1)
  if (oldest?.VersionId !== undefined) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId: oldest.VersionId }))
  }
}

function bytes(sizeBytes: number, random: Random): Uint8Array {
  return new Uint8Array(sizeBytes).fill(Math.floor(random() * 256))
}
