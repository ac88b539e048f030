import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { childText, children, parseRequestXml } from '../../s3/xml-tree.ts'
import type { Bucket } from '../bucket-table.ts'
import { newVersionId, publishChange, replace, sortTime } from '../enter-version.ts'
import {
  bucketOf,
  checkVersionId,
  readDocument,
  xmlAnswer,
  type SandboxOperation,
  type SiteState,
} from '../exchange.ts'
import { bypassesGovernance, checkRemovable } from '../object-lock.ts'
import { readDeleteStamp, type ReplicaStamp } from '../replica-stamp.ts'

interface Deletion {
  readonly key: string
  readonly versionId: string | undefined
  readonly stamp: ReplicaStamp
  readonly bypassGovernance: boolean
  readonly now: number
}

interface Deleted {
  /** The marker that was written, or the version that was removed. */
  readonly versionId: string | null
  /** A marker was written, or a marker was removed. */
  readonly deleteMarker: boolean
}

export const deleteObject: SandboxOperation = async (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  const deleted = removeObject(site, bucket, {
    key: exchange.call.key,
    versionId: exchange.call.query.get('versionId'),
    stamp: readDeleteStamp(site.identity, exchange.headers),
    bypassGovernance: bypassesGovernance(exchange.headers),
    now: exchange.now,
  })
  await site.catalog.bodies.removeDropped()
  return {
    status: 204,
    headers: {
      ...(deleted.versionId === null ? {} : { 'x-amz-version-id': deleted.versionId }),
      ...(deleted.deleteMarker ? { 'x-amz-delete-marker': 'true' } : {}),
    },
  }
}

function removeObject(site: SiteState, bucket: Bucket, deletion: Deletion): Deleted {
  const { versionId, stamp } = deletion
  if (versionId === undefined) {
    if (bucket.versioning === 'Off') return purge(site, bucket, { ...deletion, versionId: 'null' })
    return (
      markerInstead(site, bucket, deletion) ?? writeMarker(site, bucket, deletion, newVersionId(site, bucket, stamp))
    )
  }
  checkVersionId(site, versionId)
  // As on MinIO: a marker that is there already is purged by the same request that would have made it.
  const known = site.catalog.versions.find(bucket.id, deletion.key, versionId)
  if (stamp.deleteMarker && known === undefined) return writeMarker(site, bucket, deletion, versionId)
  return purge(site, bucket, { ...deletion, versionId })
}

/** What the site has or does instead of a new marker; null: it writes one. */
function markerInstead(site: SiteState, bucket: Bucket, { key }: Deletion): Deleted | null {
  const newest = site.plainMarkers === 'as-aws' ? undefined : site.catalog.versions.newest(bucket.id, key)
  const none: Deleted = { versionId: null, deleteMarker: false }
  if (newest?.deleteMarker === true)
    return site.plainMarkers === 'as-minio' ? { versionId: newest.versionId, deleteMarker: true } : none
  return newest === undefined && site.plainMarkers === 'as-minio' ? none : null
}

function writeMarker(site: SiteState, bucket: Bucket, deletion: Deletion, versionId: string): Deleted {
  const { key, stamp, now } = deletion
  const { catalog } = site
  const modifiedAt = stamp.modifiedAt ?? now
  catalog.atomic(() => {
    replace(site, bucket, key, versionId)
    catalog.versions.insert(bucket.id, {
      key,
      versionId,
      deleteMarker: true,
      etag: '',
      sizeBytes: 0,
      modifiedAt,
      storageClass: 'STANDARD',
      segments: [],
      facts: stamp.replica ? { replica: true } : {},
      sortAt: sortTime(site, modifiedAt),
    })
  })
  const marker = { key, versionId, etag: '', sizeBytes: 0, facts: {}, stamp }
  publishChange(site, bucket, marker, { now, event: 's3:ObjectRemoved:DeleteMarkerCreated' })
  return { versionId, deleteMarker: true }
}

function purge(site: SiteState, bucket: Bucket, deletion: Deletion & { readonly versionId: string }): Deleted {
  const { key, versionId, stamp, now } = deletion
  const { catalog } = site
  const found = catalog.versions.find(bucket.id, key, versionId)
  const named = bucket.versioning === 'Off' ? null : versionId
  if (found === undefined) return { versionId: named, deleteMarker: false }
  checkRemovable(found, now, deletion.bypassGovernance)
  catalog.atomic(() => replace(site, bucket, key, versionId))
  publishChange(site, bucket, { ...found, stamp }, { now, event: 's3:ObjectRemoved:Delete' })
  return { versionId: named, deleteMarker: found.deleteMarker }
}

export const deleteObjects: SandboxOperation = async (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  const root = parseRequestXml(await readDocument(exchange), 'Delete')
  const asked = root === null ? [] : children(root, 'Object')
  if (root === null || asked.length === 0 || asked.length > 1000) throw new S3Error('MalformedXML')
  const quiet = childText(root, 'Quiet') === 'true'
  const results = asked.map((object) => {
    const key = childText(object, 'Key') ?? ''
    const versionId = childText(object, 'VersionId')
    const stamp = readDeleteStamp(site.identity, exchange.headers)
    const bypassGovernance = bypassesGovernance(exchange.headers)
    return deleteOne(site, bucket, { key, versionId, stamp, bypassGovernance, now: exchange.now }, quiet)
  })
  await site.catalog.bodies.removeDropped()
  return xmlAnswer(xmlDocument('DeleteResult', results.join('')))
}

function deleteOne(site: SiteState, bucket: Bucket, deletion: Deletion, quiet: boolean): string {
  const named = element('Key', deletion.key) + element('VersionId', deletion.versionId)
  try {
    const deleted = removeObject(site, bucket, deletion)
    if (quiet) return ''
    const marker = deleted.deleteMarker
      ? `<DeleteMarker>true</DeleteMarker>${element('DeleteMarkerVersionId', deleted.versionId)}`
      : ''
    return `<Deleted>${named}${marker}</Deleted>`
  } catch (error) {
    if (!(error instanceof S3Error)) throw error
    return `<Error>${named}${element('Code', error.code)}${element('Message', error.message)}</Error>`
  }
}
