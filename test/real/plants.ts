import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type GetObjectCommandOutput,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { CompareLevel } from '../../shared/model/compare.ts'
import type { Bucket } from '../compare/list-versions.ts'
import { bytesOf, type Random } from '../support/random.ts'
import { versionsOf } from '../support/s3-acts.ts'

/** One way in which two sides may differ: what the source has, what is done to its copy, and by what level it must be found. */
export interface Kind {
  readonly level: CompareLevel
  /** Bodies of the versions at the source, oldest first; null for a delete marker. */
  base(random: Random): readonly (Buffer | null)[]
  plant(at: Place, random: Random): Promise<unknown>
}

/** A key at the target, with what is there. */
export interface Place extends Bucket {
  readonly client: S3Client
  readonly key: string
}

/** At least 150 bytes, and never the same twice. */
const bodyOf = (random: Random): Buffer => bytesOf(random.int(1, 0x7fff_ffff), random.int(150, 4000))
const one = (random: Random): readonly Buffer[] => [bodyOf(random)]
const two = (random: Random): readonly Buffer[] => [bodyOf(random), bodyOf(random)]

/** 128 bytes each, and one MD5: so is that of all that goes on in the same way (X. Wang, H. Yu: How to break MD5, 2005). */
const twins = [
  'd131dd02c5e6eec4693d9a0698aff95c2fcab58712467eab4004583eb8fb7f8955ad340609f4b30283e488832571415a085125e8f7cdc99fd91dbdf280373c5bd8823e3156348f5bae6dacd436c919c6dd53e2b487da03fd02396306d248cda0e99f33420f577ee8ce54b67080a80d1ec69821bcb6a8839396f9652b6ff72a70',
  'd131dd02c5e6eec4693d9a0698aff95c2fcab50712467eab4004583eb8fb7f8955ad340609f4b30283e4888325f1415a085125e8f7cdc99fd91dbd7280373c5bd8823e3156348f5bae6dacd436c919c6dd53e23487da03fd02396306d248cda0e99f33420f577ee8ce54b67080280d1ec69821bcb6a8839396f965ab6ff72a70',
].map((hex) => Buffer.from(hex, 'hex')) as [Buffer, Buffer]

export const kinds = {
  'stray-key': {
    level: 'listing',
    base: () => [],
    plant: ({ client, bucket, key }, random) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bodyOf(random) })),
  },
  'missing-key': { level: 'listing', base: one, plant: (at) => drop(at, 0) },
  'missing-version': { level: 'listing', base: two, plant: (at, random) => drop(at, random.int(0, 1)) },
  'other-order': { level: 'listing', base: two, plant: (at) => rewrite(at, 1, {}) },
  'marker-too-many': {
    level: 'listing',
    base: one,
    plant: ({ client, bucket, key }) => client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
  },
  'marker-missing': { level: 'listing', base: (random) => [bodyOf(random), null], plant: (at) => drop(at, 0) },
  'foreign-top': {
    level: 'listing',
    base: one,
    plant: ({ client, bucket, key }, random) =>
      client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bodyOf(random) })),
  },
  'other-size': {
    level: 'listing',
    base: one,
    plant: (at, random) => rewrite(at, 0, { Body: bytesOf(random.int(1, 1 << 30), 149) }),
  },
  'other-content': {
    level: 'listing',
    base: one,
    plant: (at) => rewrite(at, 0, { change: (body) => Buffer.concat([Buffer.from([body[0]! ^ 1]), body.subarray(1)]) }),
  },
  tags: {
    level: 'attributes',
    base: one,
    plant: async ({ client, site, bucket, key }, random) => {
      const [{ versionId } = { versionId: '' }] = await versionsOf({ site, bucket }, key)
      const TagSet = random.pick([[], [{ Key: 'a', Value: '2' }], [...asWritten, { Key: 'b', Value: '' }]])
      await client.send(
        new PutObjectTaggingCommand({ Bucket: bucket, Key: key, VersionId: versionId, Tagging: { TagSet } }),
      )
    },
  },
  header: {
    level: 'attributes',
    base: one,
    plant: (at, random) =>
      rewrite(
        at,
        0,
        random.pick([
          { ContentType: 'text/html' },
          { CacheControl: 'max-age=7' },
          { ContentLanguage: 'en' },
          { ContentDisposition: 'inline' },
        ]),
      ),
  },
  metadata: {
    level: 'attributes',
    base: one,
    plant: (at, random) =>
      rewrite(at, 0, { metadata: random.pick([{ owner: 'b' }, { other: 'x' }, { owner: undefined }]) }),
  },
  lock: {
    level: 'attributes',
    base: one,
    plant: async ({ client, site, bucket, key }, random) => {
      const [{ versionId } = { versionId: '' }] = await versionsOf({ site, bucket }, key)
      const at = { Bucket: bucket, Key: key, VersionId: versionId }
      if (random.chance(0.5)) await client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } }))
      else {
        const Retention = { Mode: 'GOVERNANCE' as const, RetainUntilDate: new Date(Date.now() + 3_600_000) }
        await client.send(new PutObjectRetentionCommand({ ...at, Retention }))
      }
    },
  },
  bytes: {
    level: 'bytes',
    base: (random) => [Buffer.concat([twins[0], bodyOf(random)])],
    plant: (at) => rewrite(at, 0, { change: (body) => Buffer.concat([twins[1], body.subarray(128)]) }),
  },
} as const satisfies Readonly<Record<string, Kind>>
export type KindName = keyof typeof kinds

const asWritten = [{ Key: 'a', Value: '1' }]

/** What every version of the planted keys has at the source. */
export const attributes = {
  ContentType: 'text/plain',
  Metadata: { owner: 'a' },
  Tagging: 'a=1',
} satisfies Partial<PutObjectCommandInput>

/** Deletes one version for good; 0 is the newest. */
async function drop({ client, site, bucket, key }: Place, index: number): Promise<void> {
  const versions = await versionsOf({ site, bucket }, key)
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: versions[index]!.versionId }))
}

interface Change extends Pick<
  PutObjectCommandInput,
  'ContentType' | 'CacheControl' | 'ContentLanguage' | 'ContentDisposition'
> {
  readonly Body?: Buffer
  readonly change?: (body: Buffer) => Buffer
  /** Over what the replica has, its marks among it. */
  readonly metadata?: Readonly<Record<string, string | undefined>>
}

/** Writes a replica anew, with its marks and all but what is to change, and removes the former: it looks like the replica. */
async function rewrite(at: Place, index: number, { Body, change, metadata = {}, ...headers }: Change): Promise<void> {
  const { client, site, bucket, key } = at
  const former = (await versionsOf({ site, bucket }, key))[index]!
  const ref = { Bucket: bucket, Key: key, VersionId: former.versionId }
  const read = await client.send(new GetObjectCommand(ref))
  const body = Buffer.from(await read.Body!.transformToByteArray())
  const all = Object.entries({ ...read.Metadata, ...metadata }).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: Body ?? change?.(body) ?? body,
      Metadata: Object.fromEntries(all),
      Tagging: attributes.Tagging,
      ...headersOf(read),
      ...headers,
    }),
  )
  await client.send(new DeleteObjectCommand(ref))
}

const headersOf = ({ ContentType }: GetObjectCommandOutput): Pick<PutObjectCommandInput, 'ContentType'> =>
  ContentType === undefined ? {} : { ContentType }

/** The same version, under its own id and with its own time, written anew without the encryption that it had: as MinIO's peers write. */
export async function decrypt({ client, site, bucket, key }: Place): Promise<void> {
  const [former] = await versionsOf({ site, bucket }, key)
  const read = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: former!.versionId }))
  const Body = await read.Body!.transformToByteArray()
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body,
    Metadata: read.Metadata,
    Tagging: attributes.Tagging,
    ...headersOf(read),
  })
  put.middlewareStack.add(
    (next) => (args) => {
      const request = args.request as { readonly query: object; readonly headers: object }
      Object.assign(request.query, { versionId: former!.versionId })
      Object.assign(request.headers, {
        'x-minio-source-replication-request': 'true',
        'x-minio-source-mtime': former!.modified,
        'x-minio-source-etag': former!.etag,
        'x-amz-replication-status': 'REPLICA',
      })
      return next(args)
    },
    { step: 'build' },
  )
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId: former!.versionId }))
  await client.send(put)
}
