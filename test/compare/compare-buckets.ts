import { isDeepStrictEqual } from 'node:util'
import type { S3Client } from '@aws-sdk/client-s3'
import { forEachAtMost } from '../support/concurrency.ts'
import { s3Client } from '../support/s3-site.ts'
import { versionsByKey, type Bucket, type ListedVersion, type VersionsOfKey } from './list-versions.ts'
import { readVersion, type VersionFacts } from './read-version.ts'

export type Field = 'key' | 'versions' | 'versionId' | 'doubled' | Exclude<keyof VersionFacts, 'originVersionId'>

export interface BucketDifference {
  readonly key: string
  /** Id at the source; null where the whole key differs. */
  readonly versionId: string | null
  readonly field: Field
  readonly source: unknown
  readonly target: unknown
}

export interface CompareOptions {
  readonly prefix?: string
  /** Of these, only some. Default: all. */
  readonly only?: (key: string) => boolean
  /** The target adopted the source's version ids. */
  readonly sameIds?: boolean
  /** Multipart ETags may differ where the target computes them by a layout of its own. */
  readonly multipartEtags?: 'same' | 'may differ'
  /** Versitygw tells nothing of a lock with the object: `asked` for by itself then. */
  readonly locks?: 'told' | 'asked'
  /** Headers that one of the sites does not keep. */
  readonly ignoreHeaders?: readonly string[]
  /** Only what a reader without versions sees. */
  readonly currentOnly?: boolean
  readonly concurrency?: number
}

export interface BucketComparison {
  readonly keys: number
  readonly versions: number
  readonly bytes: number
  readonly differences: readonly BucketDifference[]
}

/**
 * Compares two buckets, version by version, over the wire and by nothing that the engine wrote down: both are listed in
 * document order, and every version is read whole on both sides. Shares no code with the engine on purpose.
 */
export async function compareBuckets(
  source: Bucket,
  target: Bucket,
  options: CompareOptions = {},
): Promise<BucketComparison> {
  const clients = { source: s3Client(source.site), target: s3Client(target.site) }
  const found: BucketDifference[] = []
  const count = { keys: 0, versions: 0, bytes: 0 }
  const pairs = await keyPairs(source, target, options)
  await forEachAtMost(options.concurrency ?? 12, pairs, async (pair) => {
    count.keys += 1
    const oneSided = compareSequence(pair)
    if (oneSided !== null) {
      found.push(oneSided)
      return
    }
    const doubles = new Map<string, string>()
    for (const [index, before] of pair.source.entries()) {
      const after = pair.target[index]!
      const [expected, actual] = await readBoth(clients, source.bucket, target.bucket, before, after, options.locks)
      count.versions += 1
      count.bytes += expected.sizeBytes
      found.push(...compareVersion(before, after, expected, actual, options))
      found.push(...doubled(doubles, after, actual))
    }
  })
  clients.source.destroy()
  clients.target.destroy()
  return { ...count, differences: found.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)) }
}

interface KeyPair {
  readonly key: string
  readonly source: readonly ListedVersion[]
  readonly target: readonly ListedVersion[]
}

async function keyPairs(source: Bucket, target: Bucket, options: CompareOptions): Promise<readonly KeyPair[]> {
  const [left, right] = await Promise.all([collect(source, options), collect(target, options)])
  const keys = new Set([...left.keys(), ...right.keys()])
  return [...keys].map((key) => ({ key, source: left.get(key) ?? [], target: right.get(key) ?? [] }))
}

async function collect(from: Bucket, options: CompareOptions): Promise<Map<string, readonly ListedVersion[]>> {
  const all = new Map<string, readonly ListedVersion[]>()
  for await (const { key, versions } of versionsByKey(from, options.prefix)) {
    if (options.only?.(key) === false) continue
    const seen = options.currentOnly === true ? versions.filter(isCurrentObject) : versions
    if (seen.length > 0) all.set(key, seen)
  }
  return all
}

const isCurrentObject = (version: ListedVersion): boolean => version.isLatest && version.kind === 'object'

/** The sequence of kinds must be the same before it makes sense to compare one version with another. */
function compareSequence({ key, source, target }: KeyPair): BucketDifference | null {
  const sequence = (versions: readonly ListedVersion[]): string[] =>
    versions.map((version) => (version.kind === 'marker' ? 'marker' : `${version.sizeBytes} bytes ${version.etag}`))
  const kinds = (versions: readonly ListedVersion[]): string => versions.map((version) => version.kind).join()
  if (kinds(source) === kinds(target)) return null
  const field = source.length === 0 || target.length === 0 ? 'key' : 'versions'
  return { key, versionId: null, field, source: sequence(source), target: sequence(target) }
}

async function readBoth(
  clients: { readonly source: S3Client; readonly target: S3Client },
  sourceBucket: string,
  targetBucket: string,
  before: ListedVersion,
  after: ListedVersion,
  locks: CompareOptions['locks'],
): Promise<readonly [VersionFacts, VersionFacts]> {
  return await Promise.all([
    readVersion(clients.source, sourceBucket, before, locks),
    readVersion(clients.target, targetBucket, after, locks),
  ])
}

function compareVersion(
  before: ListedVersion,
  after: ListedVersion,
  expected: VersionFacts,
  actual: VersionFacts,
  options: CompareOptions,
): readonly BucketDifference[] {
  const found: BucketDifference[] = []
  const report = (field: Field, source: unknown, target: unknown): void =>
    void found.push({ key: before.key, versionId: before.versionId, field, source, target })
  if (options.sameIds === true && before.versionId !== after.versionId) {
    report('versionId', before.versionId, after.versionId)
  }
  for (const field of ['kind', 'isLatest', 'sizeBytes', 'sha256', 'etag', 'metadata', 'tags', 'lock'] as const) {
    if (field === 'etag' && options.multipartEtags === 'may differ' && expected.etag.includes('-')) continue
    if (!isDeepStrictEqual(expected[field], actual[field])) report(field, expected[field], actual[field])
  }
  const ignored = options.ignoreHeaders ?? []
  const headers = [without(expected.headers, ignored), without(actual.headers, ignored)] as const
  if (!isDeepStrictEqual(...headers)) report('headers', ...headers)
  return found
}

function without(headers: VersionFacts['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}

/** Two target versions of a key with the same origin: a version that was copied twice. */
function doubled(seen: Map<string, string>, version: ListedVersion, facts: VersionFacts): readonly BucketDifference[] {
  const origin = facts.originVersionId
  if (origin === null) return []
  const first = seen.get(origin)
  seen.set(origin, version.versionId)
  if (first === undefined) return []
  return [{ key: version.key, versionId: origin, field: 'doubled', source: origin, target: [first, version.versionId] }]
}

/** All target versions that say they are replicas of the same source version, in a bucket of any content. */
export async function findDoubled(target: Bucket, prefix = ''): Promise<readonly BucketDifference[]> {
  const client = s3Client(target.site)
  const found: BucketDifference[] = []
  const keys: VersionsOfKey[] = []
  for await (const key of versionsByKey(target, prefix)) if (key.versions.length > 1) keys.push(key)
  await forEachAtMost(12, keys, async ({ versions }) => {
    const seen = new Map<string, string>()
    for (const version of versions) {
      found.push(...doubled(seen, version, await readVersion(client, target.bucket, version)))
    }
  })
  client.destroy()
  return found
}
