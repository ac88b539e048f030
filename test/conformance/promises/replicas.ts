import { randomBytes, randomUUID } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { refusal, statusOf, type SitePromise, type World } from '../site-promise.ts'

interface At {
  readonly Bucket: string
  readonly Key: string
}

/** What MinIO's replication sends with a write, none of which the SDK has a field for. */
interface Identity {
  readonly versionId?: string
  readonly headers: Readonly<Record<string, string>>
}

interface Commandlike {
  readonly middlewareStack: { add: (middleware: never, options: { step: 'build' }) => void }
}

/** Adds query and headers before the request is signed. */
function stamped<C extends Commandlike>(command: C, { versionId, headers }: Identity): C {
  const middleware = (next: (args: Built) => unknown) => (args: Built) => {
    Object.assign(args.request.headers, headers)
    if (versionId !== undefined) args.request.query['versionId'] = versionId
    return next(args)
  }
  command.middlewareStack.add(middleware as never, { step: 'build' })
  return command
}
interface Built {
  readonly request: { readonly headers: Record<string, string>; readonly query: Record<string, string> }
}

const replica = (modifiedAt: Date, more: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => ({
  'x-minio-source-mtime': modifiedAt.toISOString(),
  'x-minio-source-replication-request': 'true',
  'x-amz-replication-status': 'REPLICA',
  ...more,
})

const yesterday = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000 - 86_400_000)

function putReplica({ s3 }: World, at: At, versionId: string, modifiedAt: Date, etag: string): Promise<unknown> {
  const command = new PutObjectCommand({ ...at, Body: 'replica' })
  return s3.send(stamped(command, { versionId, headers: replica(modifiedAt, { 'x-minio-source-etag': etag }) }))
}

async function markReplica({ s3 }: World, at: At, versionId: string): Promise<void> {
  const headers = replica(new Date(), { 'x-minio-source-deletemarker': 'true' })
  await s3.send(stamped(new DeleteObjectCommand(at), { versionId, headers }))
}

async function listed({ s3 }: World, { Bucket, Key }: At): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }))
  const line = (kind: string) => (entry: { VersionId?: string | undefined; IsLatest?: boolean | undefined }) =>
    `${kind} ${entry.VersionId}${entry.IsLatest === true ? ' latest' : ''}`
  return [...Versions.map(line('version')), ...DeleteMarkers.map(line('marker'))]
}

/** A write that a replicator makes, under an id of its own. */
export async function asReplica(world: World, at: At): Promise<void> {
  await putReplica(world, at, randomUUID(), yesterday(), etag)
}

const etag = '0123456789abcdef0123456789abcdef'

/** What sites that adopt identity promise: MinIO, and the sandbox that stands in for it. */
export const replicaPromises: readonly SitePromise[] = [
  {
    name: 'a replica keeps version id, modification time and ETag',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'replica' }
      const VersionId = randomUUID()
      const LastModified = yesterday()
      await putReplica(world, at, VersionId, LastModified, etag)
      const head = await world.s3.send(new HeadObjectCommand(at))
      expect(head).toMatchObject({ VersionId, LastModified, ETag: `"${etag}"`, ReplicationStatus: 'REPLICA' })
    },
  },
  {
    name: 'the same version a second time is refused as already there',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'again' }
      const versionId = randomUUID()
      await putReplica(world, at, versionId, yesterday(), etag)
      expect(await refusal(putReplica(world, at, versionId, yesterday(), etag))).toBe('412 PreconditionFailed')
      expect(await listed(world, at)).toEqual([`version ${versionId} latest`])
    },
  },
  {
    name: 'a replica that comes late takes its place by its time',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'late' }
      const { VersionId } = await world.s3.send(new PutObjectCommand({ ...at, Body: 'newer' }))
      const late = randomUUID()
      await putReplica(world, at, late, yesterday(), etag)
      expect(await listed(world, at)).toEqual([`version ${VersionId} latest`, `version ${late}`])
    },
  },
  {
    name: 'a delete marker keeps its id, and can be seen by it',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'marker' }
      const { VersionId } = await world.s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      const versionId = randomUUID()
      await markReplica(world, at, versionId)
      expect(await listed(world, at)).toEqual([`version ${VersionId}`, `marker ${versionId} latest`])
      expect(await statusOf(world.s3.send(new HeadObjectCommand({ ...at, VersionId: versionId })))).toBe(405)
    },
  },
  {
    name: 'a delete marker sent twice is gone again: a sender must look first',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'twice' }
      const { VersionId } = await world.s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      const versionId = randomUUID()
      await markReplica(world, at, versionId)
      await markReplica(world, at, versionId)
      expect(await listed(world, at)).toEqual([`version ${VersionId} latest`])
    },
  },
  {
    name: 'a version is purged by its id',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'purge' }
      const { VersionId } = await world.s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      const headers = replica(new Date())
      await world.s3.send(stamped(new DeleteObjectCommand({ ...at, VersionId }), { headers }))
      expect(await listed(world, at)).toEqual([])
    },
  },
  {
    name: 'a multipart replica keeps version id, modification time and ETag',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'parts' }
      const versionId = randomUUID()
      const LastModified = yesterday()
      const source = `${etag}-1`
      const create = stamped(new CreateMultipartUploadCommand(at), {
        versionId,
        headers: { 'x-minio-source-etag': source, 'x-amz-replication-status': 'REPLICA' },
      })
      const upload = { ...at, UploadId: (await world.s3.send(create)).UploadId }
      const part = new UploadPartCommand({ ...upload, PartNumber: 1, Body: randomBytes(100) })
      const headers = { 'x-minio-source-replication-request': 'true' }
      const { ETag } = await world.s3.send(stamped(part, { headers }))
      const complete = new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      })
      const completing = replica(LastModified, {
        'x-minio-source-etag': source,
        'x-minio-replication-actual-object-size': '100',
      })
      await world.s3.send(stamped(complete, { headers: completing }))
      const head = await world.s3.send(new HeadObjectCommand(at))
      expect(head).toMatchObject({ VersionId: versionId, LastModified, ETag: `"${source}"`, ContentLength: 100 })
    },
  },
  {
    name: 'a version id that is no UUID is refused',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'foreign' }
      expect(await refusal(putReplica(world, at, 'fM6ojW.2BQ2tHwC2N4dP-TbSpSk5prg', yesterday(), etag))).toMatch(
        /^400 /,
      )
    },
  },
]
