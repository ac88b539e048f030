/*
 * Answers to clients: what a site said, in the words and addresses of the gateway. `serve-request.ts` passes every reply
 * through here.
 */

import type { Reply } from '../exchange.ts'
import type { Routed, S3Operation } from '../../s3/route.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { readDocument, lateDocument } from './document.ts'
import { refusalXml, type Refused } from './site-refusal.ts'

export interface AskedOperation extends Refused, Pick<Routed, 'operation' | 'method'> {
  /** Scheme and host as the client named them. */
  readonly origin: string
  readonly requestId: string
}

/** Those whose outcome is known only when the answer's document has come. */
const makesLate: ReadonlySet<S3Operation> = new Set(['CopyObject', 'UploadPartCopy', 'CompleteMultipartUpload'])

/**
 * What a client gets of a site's answer. Refusals, and documents that tell where something is, are written anew from what was
 * read of them: a site speaks to Lockstep, of its own address, account and names. Throws where a refusal is none of the client.
 */
export function clientReply(reply: Reply, asked: AskedOperation): Reply {
  const { answer } = reply
  if (answer.status >= 300 && answer.status !== 304) return refusal(reply, asked)
  if (asked.operation === 'CreateBucket')
    return { ...reply, headers: { ...reply.headers, location: `/${asked.bucket}` } }
  return makesLate.has(asked.operation) ? rewritten(reply, (document) => madeXml(document, asked)) : reply
}

function refusal(reply: Reply, asked: AskedOperation): Reply {
  const { status, bytes, headers } = reply.answer
  const requestId = headers['x-amz-request-id'] ?? asked.requestId
  const xml = refusalXml(status, bytes, asked, requestId)
  if (asked.method === 'HEAD') return reply
  return withBytes(reply, Buffer.from(xml), { 'content-type': 'application/xml', 'content-encoding': undefined })
}

const withBytes = (reply: Reply, bytes: Buffer, headers: Reply['headers'] = {}): Reply => ({
  ...reply,
  answer: { ...reply.answer, bytes },
  headers: { ...reply.headers, ...headers, 'content-length': String(bytes.length) },
})

/** Copying and joining may take minutes: then the answer begins early, and its document comes when it is done. */
function rewritten(reply: Reply, rewrite: (document: Buffer) => Buffer): Reply {
  const { stream, bytes } = reply.answer
  if (stream === null) return bytes.length === 0 ? reply : withBytes(reply, rewrite(bytes))
  const headers = { ...reply.headers, 'content-length': undefined }
  return { ...reply, answer: { ...reply.answer, stream: lateDocument(stream, rewrite) }, headers }
}

const told = [
  'ETag',
  'ChecksumCRC32',
  'ChecksumCRC32C',
  'ChecksumCRC64NVME',
  'ChecksumSHA1',
  'ChecksumSHA256',
  'ChecksumType',
] as const

function madeXml(document: Buffer, asked: AskedOperation): Buffer {
  const read = readDocument(document)
  if (read?.root === 'Error') return Buffer.from(refusalXml(500, document, asked, asked.requestId))
  if (asked.operation !== 'CompleteMultipartUpload') return document
  const { origin, resource, bucket, key } = asked
  const place = element('Location', `${origin}${resource}`) + element('Bucket', bucket) + element('Key', key)
  const facts = told.map((name) => element(name, read?.leaves.get(name))).join('')
  return Buffer.from(xmlDocument('CompleteMultipartUploadResult', place + facts))
}
