import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { SignatureV4 } from '@smithy/signature-v4'
import type { SiteAccess } from '../support/s3-site.ts'

export type Query = Readonly<Record<string, string>>

/**
 * One signed GET, as raw as HTTP gives it: the SDK's parser splits versions and delete markers into two lists and so
 * loses their common order, which is what the comparer is about.
 */
export async function signedGet(site: SiteAccess, path: string, query: Query): Promise<IncomingMessage> {
  const url = new URL(site.endpoint)
  const signed = await signerFor(site).sign({
    method: 'GET',
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path,
    query: { ...query },
    headers: { host: url.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
  })
  const search = Object.entries(query).map(([name, value]) => `${strictEncode(name)}=${strictEncode(value)}`)
  return await new Promise((resolve, reject) => {
    request(
      { host: url.hostname, port: url.port, path: `${path}?${search.join('&')}`, headers: signed.headers },
      resolve,
    )
      .once('error', reject)
      .end()
  })
}

export async function textOf(reply: IncomingMessage): Promise<string> {
  return await text(reply)
}

function signerFor(site: SiteAccess): SignatureV4 {
  return new SignatureV4({
    service: 's3',
    region: site.region,
    credentials: { accessKeyId: site.accessKeyId, secretAccessKey: site.secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
}

/** RFC 3986: everything but the unreserved characters, as SigV4 wants it. */
function strictEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', asBytes(secret))
  }
  update(chunk: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(asBytes(chunk))
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()))
  }
  reset(): void {}
}

function asBytes(from: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof from === 'string') return Buffer.from(from)
  return ArrayBuffer.isView(from) ? Buffer.from(from.buffer, from.byteOffset, from.byteLength) : Buffer.from(from)
}
