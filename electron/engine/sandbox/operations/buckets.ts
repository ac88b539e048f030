import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { childText, children, parseRequestXml } from '../../s3/xml-tree.ts'
import type { DefaultRetention } from '../bucket-table.ts'
import { bucketOf, header, readDocument, xmlAnswer, type Answer, type SandboxOperation } from '../exchange.ts'

const done: Answer = { status: 200, headers: {} }
/** The sandbox has one account. */
export const ownerId = 'lockstep-sandbox'
export const ownerXml = `<Owner><ID>${ownerId}</ID><DisplayName>Lockstep sandbox</DisplayName></Owner>`

export const listBuckets: SandboxOperation = (site) => {
  const buckets = site.catalog.buckets
    .list()
    .map(
      ({ name, createdAt }) =>
        `<Bucket>${element('Name', name)}${element('CreationDate', new Date(createdAt).toISOString())}</Bucket>`,
    )
  return xmlAnswer(xmlDocument('ListAllMyBucketsResult', `${ownerXml}<Buckets>${buckets.join('')}</Buckets>`))
}

export const createBucket: SandboxOperation = async (site, exchange) => {
  const { bucket: name } = exchange.call
  const root = parseRequestXml(await readDocument(exchange), 'CreateBucketConfiguration')
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw new S3Error('InvalidBucketName')
  const region = root === null ? undefined : childText(root, 'LocationConstraint')
  if (site.catalog.buckets.find(name) !== undefined) throw new S3Error('BucketAlreadyOwnedByYou')
  const objectLock = header(exchange.headers, 'x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true'
  site.catalog.buckets.create({
    name,
    createdAt: exchange.now,
    region: region ?? site.region,
    versioning: objectLock ? 'Enabled' : 'Off',
    objectLock,
  })
  return { status: 200, headers: { location: `/${name}` } }
}

export const headBucket: SandboxOperation = (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  return { status: 200, headers: { 'x-amz-bucket-region': bucket.region } }
}

export const deleteBucket: SandboxOperation = (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  if (!site.catalog.versions.isEmpty(bucket.id)) throw new S3Error('BucketNotEmpty')
  if (site.catalog.uploads.list(bucket.id, { key: '', id: '' }).length > 0) throw new S3Error('BucketNotEmpty')
  site.catalog.buckets.remove(bucket)
  return { status: 204, headers: {} }
}

export const getBucketLocation: SandboxOperation = (site, exchange) => {
  const { region } = bucketOf(site, exchange)
  return xmlAnswer(xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : region))
}

export const getBucketVersioning: SandboxOperation = (site, exchange) => {
  const { versioning } = bucketOf(site, exchange)
  return xmlAnswer(xmlDocument('VersioningConfiguration', element('Status', versioning === 'Off' ? null : versioning)))
}

export const putBucketVersioning: SandboxOperation = async (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  const root = parseRequestXml(await readDocument(exchange), 'VersioningConfiguration')
  const status = root === null ? undefined : childText(root, 'Status')
  if (status !== 'Enabled' && status !== 'Suspended') throw new S3Error('MalformedXML')
  if (status === 'Suspended' && bucket.objectLock) {
    throw new S3Error('InvalidBucketState', {
      message: 'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    })
  }
  site.catalog.buckets.change(bucket, { versioning: status })
  return done
}

export const getObjectLockConfiguration: SandboxOperation = (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  if (!bucket.objectLock) throw new S3Error('ObjectLockConfigurationNotFoundError')
  const rule = bucket.defaultRetention
  const ruleXml =
    rule === null
      ? ''
      : `<Rule><DefaultRetention>${element('Mode', rule.mode)}${element(rule.unit, rule.count)}</DefaultRetention></Rule>`
  return xmlAnswer(xmlDocument('ObjectLockConfiguration', `<ObjectLockEnabled>Enabled</ObjectLockEnabled>${ruleXml}`))
}

export const putObjectLockConfiguration: SandboxOperation = async (site, exchange) => {
  const bucket = bucketOf(site, exchange)
  const root = parseRequestXml(await readDocument(exchange), 'ObjectLockConfiguration')
  if (root === null || childText(root, 'ObjectLockEnabled') !== 'Enabled') throw new S3Error('MalformedXML')
  if (bucket.versioning !== 'Enabled') {
    throw new S3Error('InvalidBucketState', { message: 'Versioning must be Enabled on the bucket.' })
  }
  const [rule] = children(root, 'Rule')
  const [retention] = rule === undefined ? [] : children(rule, 'DefaultRetention')
  site.catalog.buckets.change(bucket, {
    objectLock: true,
    defaultRetention: retention === undefined ? null : readDefault(childTexts(retention)),
  })
  return done
}

interface RetentionTexts {
  readonly mode: string | undefined
  readonly days: string | undefined
  readonly years: string | undefined
}

const childTexts = (node: Parameters<typeof childText>[0]): RetentionTexts => ({
  mode: childText(node, 'Mode'),
  days: childText(node, 'Days'),
  years: childText(node, 'Years'),
})

function readDefault({ mode, days, years }: RetentionTexts): DefaultRetention {
  const count = Number(days ?? years)
  const oneUnit = (days === undefined) !== (years === undefined)
  if ((mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') || !oneUnit || !Number.isInteger(count) || count < 1) {
    throw new S3Error('MalformedXML')
  }
  return { mode, unit: days === undefined ? 'Years' : 'Days', count }
}

export const getBucketReplication: SandboxOperation = (site, exchange) => {
  bucketOf(site, exchange)
  throw new S3Error('ReplicationConfigurationNotFoundError')
}

export const listenNotification: SandboxOperation = (site, exchange) => {
  const { bucket, query } = exchange.call
  if (bucket !== '') bucketOf(site, exchange)
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
    body: { attach: (write) => site.changes.listen(bucket, query, write) },
  }
}
