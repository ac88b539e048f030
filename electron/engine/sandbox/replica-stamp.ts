import type { IncomingHttpHeaders } from 'node:http'
import type { Query } from '../s3/query.ts'
import { S3Error } from '../s3/s3-error.ts'
import type { Bucket } from './bucket-table.ts'
import { header, type SandboxIdentity } from './exchange.ts'

/** What a replicator asks the site to keep. Empty for an ordinary client. */
export interface ReplicaStamp {
  readonly versionId?: string | undefined
  /** Epoch ms. */
  readonly modifiedAt?: number | undefined
  readonly etag?: string | undefined
  /** The version to delete is a marker to be written. */
  readonly deleteMarker: boolean
  readonly replica: boolean
  /** No event is published: downstream this write did not happen here. */
  readonly quiet: boolean
}

const none: ReplicaStamp = { deleteMarker: false, replica: false, quiet: false }
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Reads MinIO's replication headers of a write, where the site honours them. */
export function readStamp(
  identity: SandboxIdentity,
  bucket: Bucket,
  headers: IncomingHttpHeaders,
  query: Query,
): ReplicaStamp {
  const versionId = query.get('versionId')
  if (identity === 'mints') {
    if (versionId === undefined) return none
    throw new S3Error('InvalidArgument', { message: 'This operation does not accept a version-id.' })
  }
  if (versionId !== undefined) checkAdoptable(versionId, bucket)
  return { ...readHeaders(headers), versionId }
}

function checkAdoptable(versionId: string, bucket: Bucket): void {
  if (versionId !== 'null' && !uuid.test(versionId)) {
    throw new S3Error('InvalidArgument', { message: `Invalid version id specified: ${versionId}.` })
  }
  if (bucket.versioning !== 'Enabled') {
    throw new S3Error('InvalidArgument', {
      message: 'VersionID specified but versioning is not enabled on the bucket.',
    })
  }
}

/** For a delete the version id names what to delete, so it is no part of the stamp. */
export function readDeleteStamp(identity: SandboxIdentity, headers: IncomingHttpHeaders): ReplicaStamp {
  return identity === 'mints' ? none : readHeaders(headers)
}

function readHeaders(headers: IncomingHttpHeaders): ReplicaStamp {
  return {
    modifiedAt: readMtime(header(headers, 'x-minio-source-mtime')),
    etag: header(headers, 'x-minio-source-etag')?.replaceAll('"', ''),
    deleteMarker: header(headers, 'x-minio-source-deletemarker') === 'true',
    replica: header(headers, 'x-amz-replication-status') === 'REPLICA',
    quiet: header(headers, 'x-minio-source-replication-request') === 'true',
  }
}

function readMtime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new S3Error('InvalidArgument', { message: 'X-Minio-Source-Mtime is not a time.' })
  return at
}
