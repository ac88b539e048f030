import { hash } from 'node:crypto'
import type { GatewayContext, GatewayOperation } from '../context.ts'
import { checksumAlgorithms, checksumHeaderName } from '../../s3/checksum.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { children, parseRequestXml, type XmlElement } from '../../s3/xml-tree.ts'
import { passThrough } from './pass-through.ts'

const longestBytes = 64 * 1024

/** PutBucketVersioning: never suspended where a rule needs the versions; sent on as it was read. */
export const putBucketVersioning: GatewayOperation = async (context, exchange) => {
  const { siteId, upstream } = context
  const { bucket } = exchange.call
  const given = await exchange.body.collect(longestBytes)
  const { status, mfaDelete } = readVersioning(parseRequestXml(given.body, root))
  if (status !== 'Enabled') refuseWhereReplicated(context, bucket, 'its versioning cannot be suspended')
  const document = Buffer.from(xmlDocument(root, element('Status', status) + element('MfaDelete', mfaDelete)))
  const body = { ...given, body: document, sizeBytes: document.length, checksums: new Map(), trailing: [] }
  return { answer: await upstream.send(exchange, { siteId, body, headers: checksumsOf(document), stream: false }) }
}

/** PutObjectLockConfiguration: copies of versions with other retention than their source's would be none. */
export const putObjectLockConfiguration: GatewayOperation = async (context, exchange) => {
  refuseWhereReplicated(context, exchange.call.bucket, 'its object lock cannot be changed')
  return passThrough(context, exchange)
}

/** PutBucketLifecycleConfiguration: a target keeps what its source has. */
export const putBucketLifecycle: GatewayOperation = async (context, exchange) => {
  const { siteId } = context
  const { bucket } = exchange.call
  const isTarget = context
    .rules()
    .some(({ targets }) => targets.some((at) => at.site === siteId && at.bucket === bucket))
  if (isTarget) refuseWhereReplicated(context, bucket, 'no lifecycle may delete its replicas')
  return passThrough(context, exchange)
}

/** DeleteBucket: not while a rule reads from it or writes to it. */
export const deleteBucket: GatewayOperation = async (context, exchange) => {
  refuseWhereReplicated(context, exchange.call.bucket, 'it cannot be deleted')
  return passThrough(context, exchange)
}

/** A rule that is paused or switched off counts too: it is meant to go on. */
function refuseWhereReplicated({ rules, siteId }: GatewayContext, bucket: string, what: string): void {
  const rule = rules().find(({ source, targets }) =>
    [source, ...targets].some((at) => at.site === siteId && at.bucket === bucket),
  )
  if (rule === undefined) return
  const message =
    `The rule ${rule.id} replicates ${bucket}, so ${what} through the gateway: that would break the replication. ` +
    'Remove the rule first, or ask the operator of the gateway to change the bucket at the site itself.'
  throw new S3Error('InvalidBucketState', { message })
}

const root = 'VersioningConfiguration'
/** Those of the document as the client wrote it no longer hold. */
function checksumsOf(document: Buffer): Readonly<Record<string, string | undefined>> {
  const names = ['x-amz-sdk-checksum-algorithm', ...checksumAlgorithms.map(checksumHeaderName)]
  return {
    ...Object.fromEntries(names.map((name) => [name, undefined])),
    'content-md5': hash('md5', document, 'base64'),
  }
}

function readVersioning(node: XmlElement | null): { readonly status: string; readonly mfaDelete: string | null } {
  const [status, twice] = textsOf(node, 'Status')
  const [mfaDelete = null, more] = textsOf(node, 'MfaDelete')
  const isStatus = status === 'Enabled' || status === 'Suspended'
  const isMfa = mfaDelete === null || mfaDelete === 'Enabled' || mfaDelete === 'Disabled'
  if (!isStatus || !isMfa || twice !== undefined || more !== undefined) throw new S3Error('MalformedXML')
  return { status, mfaDelete }
}

const textsOf = (node: XmlElement | null, name: string): readonly string[] =>
  node === null ? [] : children(node, name).map(({ text }) => text)
