import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { childText, children, parseRequestXml } from '../../s3/xml-tree.ts'
import type { Bucket } from '../bucket-table.ts'
import { publishChange } from '../enter-version.ts'
import {
  bucketOf,
  header,
  readDocument,
  versionHeader,
  versionOf,
  xmlAnswer,
  type Exchange,
  type SandboxOperation,
  type SiteState,
} from '../exchange.ts'
import { checkTags } from '../object-headers.ts'
import type { Version, VersionFacts } from '../version-table.ts'

export interface NamedObject {
  readonly bucket: Bucket
  readonly version: Version
}

/** The bucket and version that a request about a version's facts names. */
export function named(site: SiteState, exchange: Exchange): NamedObject {
  const bucket = bucketOf(site, exchange)
  return { bucket, version: versionOf(site, bucket, exchange.call.key, exchange.call.query.get('versionId')) }
}

/** Replaces a version's facts and tells the listeners. */
export function changeFacts(
  site: SiteState,
  exchange: Exchange,
  { bucket, version }: NamedObject,
  facts: VersionFacts,
  event: string,
): void {
  site.catalog.versions.changeFacts(bucket.id, version, facts)
  const quiet =
    site.identity === 'adopts-minio' && header(exchange.headers, 'x-minio-source-replication-request') === 'true'
  publishChange(site, bucket, { ...version, facts, stamp: { quiet } }, { now: exchange.now, event })
}

export const getObjectTagging: SandboxOperation = (site, exchange) => {
  const { bucket, version } = named(site, exchange)
  const tags = Object.entries(version.facts.tags ?? {}).map(
    ([key, value]) => `<Tag>${element('Key', key)}${element('Value', value)}</Tag>`,
  )
  return xmlAnswer(
    xmlDocument('Tagging', `<TagSet>${tags.join('')}</TagSet>`),
    versionHeader(bucket, version.versionId),
  )
}

export const putObjectTagging: SandboxOperation = async (site, exchange) => {
  const root = parseRequestXml(await readDocument(exchange), 'Tagging')
  const target = named(site, exchange)
  const [set] = root === null ? [] : children(root, 'TagSet')
  if (set === undefined) throw new S3Error('MalformedXML')
  const tags = checkTags(
    children(set, 'Tag').map((tag) => [childText(tag, 'Key') ?? '', childText(tag, 'Value') ?? ''] as const),
    site.tagText,
  )
  changeFacts(site, exchange, target, { ...target.version.facts, tags }, 's3:ObjectCreated:PutTagging')
  return { status: 200, headers: versionHeader(target.bucket, target.version.versionId) }
}

export const deleteObjectTagging: SandboxOperation = (site, exchange) => {
  const target = named(site, exchange)
  const { tags: _, ...facts } = target.version.facts
  changeFacts(site, exchange, target, facts, 's3:ObjectCreated:DeleteTagging')
  return { status: 204, headers: versionHeader(target.bucket, target.version.versionId) }
}
