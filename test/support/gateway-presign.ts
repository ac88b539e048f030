import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import { clientKey } from './gateway.ts'

class NodeSha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(part: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(part))
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest())
  }
  reset(): void {}
}

function bytesOf(part: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof part === 'string') return Buffer.from(part)
  return ArrayBuffer.isView(part) ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : new Uint8Array(part)
}

/** A URL for one method and path, good for a minute from the time at which it was signed. */
export async function presignedUrl(
  origin: string,
  method: string,
  path: string,
  signedAt: number,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string } = clientKey,
): Promise<string> {
  const { protocol, hostname, port, host } = new URL(origin)
  const signer = new SignatureV4({
    credentials: key,
    region: 'us-east-1',
    service: 's3',
    sha256: NodeSha256,
    uriEscapePath: false,
    applyChecksum: false,
  })
  const signed = await signer.presign(
    {
      method,
      protocol,
      hostname,
      port: Number(port),
      path,
      query: {},
      headers: { host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
    },
    { expiresIn: 60, signingDate: new Date(signedAt) },
  )
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  )
  return `${origin}${path}?${query.join('&')}`
}
