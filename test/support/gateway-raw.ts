import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import type { HeaderPair } from '../../electron/engine/s3/headers.ts'
import { createSigner } from '../../electron/engine/s3/signer.ts'
import { clientKey } from './gateway.ts'

export interface RawRequest {
  readonly url: string
  readonly key: string
  /** Default PUT. */
  readonly method?: string
  /** Encoded. */
  readonly query?: string
  readonly bucket?: string
  /** Instead of bucket and key, as it stands. */
  readonly path?: string
  /** Instead of the address's. */
  readonly host?: string
  readonly headers?: readonly HeaderPair[]
  /** `x-amz-content-sha256`; default: of the body. */
  readonly payloadHash?: string
  /** Sent, but not signed. */
  readonly unsigned?: readonly string[]
  readonly body: Buffer
  /** Bytes of the body that are sent; default all. */
  readonly sentBytes?: number
  /** Default: the body's. null sends none. */
  readonly contentLength?: number | null
  readonly now?: () => number
  readonly secretAccessKey?: string
  /** Default: plain TCP. */
  readonly connection?: (port: number, hostname: string) => Socket
  readonly accessKeyId?: string
}

/** Writes a request as its bytes, right or wrong, and leaves the rest to the caller. */
export function rawRequest(put: RawRequest): Socket {
  const { url, key, bucket = 'data', method = 'PUT', query = '', body, now = Date.now, sentBytes = body.length } = put
  const { hostname, port, host } = new URL(url)
  const path = put.path ?? (key === '' ? `/${bucket}` : `/${bucket}/${key}`)
  const payloadHash = put.payloadHash ?? createHash('sha256').update(body).digest('hex')
  const keys = {
    accessKeyId: put.accessKeyId ?? clientKey.accessKeyId,
    secretAccessKey: put.secretAccessKey ?? clientKey.secretAccessKey,
  }
  const headers: HeaderPair[] = [['host', put.host ?? host], ...(put.headers ?? [])]
  const signed = createSigner(keys, 'us-east-1', now).sign({ method, path, query, headers, payloadHash })
  const length = put.contentLength === undefined ? body.length : put.contentLength
  const lines = [
    `${method} ${path}${query === '' ? '' : `?${query}`} HTTP/1.1`,
    ...signed.map(([name, value]) => `${name}: ${value}`),
    ...(length === null ? [] : [`content-length: ${length}`]),
    ...(put.unsigned ?? []),
  ]
  const socket = (put.connection ?? connect)(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  socket.write(body.subarray(0, sentBytes))
  return socket
}

/** The status and the S3 error code of the first answer; `closed` when the connection ended without one. */
export function answerOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const look = (): void => {
      const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1]
      if (status === undefined || status === '100' || !text.includes('\r\n\r\n')) return
      if (Number(status) >= 400 && !/<\/Error>|content-length: 0|connection: close\r\n\r\n/i.test(text)) return
      resolve(`${status} ${/<Code>(.*?)<\/Code>/.exec(text)?.[1] ?? ''}`.trim())
      socket.destroy()
    }
    socket.on('data', (bytes: Buffer) => {
      text = (text + bytes.toString('latin1')).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n(?=.)/, '')
      look()
    })
    socket.on('close', () => resolve(text === '' ? 'closed' : `closed after ${text.slice(0, 20)}`))
  })
}

/** One aws-chunked body of unsigned chunks with a checksum behind it. */
export function chunkedBody(content: Buffer, crc32: string, chunkBytes = 64 * 1024): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < content.length; at += chunkBytes) {
    const chunk = content.subarray(at, at + chunkBytes)
    pieces.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...pieces, Buffer.from(`0\r\nx-amz-checksum-crc32:${crc32}\r\n\r\n`)])
}

/** The whole answer as it came; '' when there was none. The connection ends with it. */
export function wholeAnswer(request: RawRequest): Promise<string> {
  const socket = rawRequest({ ...request, unsigned: [...(request.unsigned ?? []), 'connection: close'] })
  return new Promise((resolve) => {
    let text = ''
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
    socket.on('close', () => resolve(text))
  })
}

/** Status line's code and the text of the first piece of the answer; the connection ends there, for some answers never do. */
export function headOf(request: RawRequest): Promise<string> {
  const socket = rawRequest({ ...request, unsigned: [...(request.unsigned ?? []), 'connection: close'] })
  return new Promise((resolve) => {
    let text = ''
    const told = (): string => text.replace(/^HTTP\/1\.1 (\d+)/, '$1')
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (!/^HTTP\/1\.1 2\d\d [^]*transfer-encoding: chunked[^]*\r\n\r\n/i.test(text)) return
      resolve(told())
      socket.destroy()
    })
    socket.on('close', () => resolve(told()))
  })
}
