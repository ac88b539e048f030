import { readFile } from 'node:fs/promises'
import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect, isIP } from 'node:net'
import { connect as connectTls, getCACertificates, type PeerCertificate } from 'node:tls'
import type { Site } from '../../../shared/model/site.ts'
import { createAddress } from '../s3/address.ts'

export interface Certificate {
  readonly subject: string
  readonly issuer: string
  readonly validUntil: number
  /** Why this machine does not trust it; null when it does. */
  readonly distrust: string | null
}

/** What an endpoint answers to somebody who does not sign. */
export interface UnsignedAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The first 4 KiB. */
  readonly text: string
}

/** The network below S3, as the checks ask it. Errors are node’s own; the caller translates. */
export interface Network {
  /** Addresses of a host name. */
  resolve(host: string): Promise<readonly string[]>
  /** Opens and closes a connection. */
  connect(site: Site, signal: AbortSignal): Promise<void>
  certificate(site: Site, signal: AbortSignal): Promise<Certificate>
  /** One unsigned `GET /`. */
  askUnsigned(site: Site, signal: AbortSignal): Promise<UnsignedAnswer>
}

const unsignedBytes = 4096

export const systemNetwork: Network = {
  async resolve(host) {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  },

  connect(site, signal) {
    const { name, port } = createAddress(site).host(undefined)
    const socket = connect({ host: name, port, signal })
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.destroy()
        resolve()
      })
    })
  },

  async certificate(site, signal) {
    const { name, port } = createAddress(site).host(undefined)
    const ca = await trusted(site)
    // An address is no server name (RFC 6066); the certificate is held against it all the same.
    const named = isIP(name) === 0 ? { servername: name } : {}
    const socket = connectTls({ host: name, port, ...named, ca, rejectUnauthorized: false })
    const onAbort = (): void => void socket.destroy(abortError(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await new Promise((resolve, reject) => {
        socket.once('error', reject)
        socket.once('secureConnect', () => {
          const reason: unknown = socket.authorizationError
          resolve(certificateOf(socket.getPeerCertificate(), socket.authorized ? null : String(reason)))
        })
      })
    } finally {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
    }
  },

  async askUnsigned(site, signal) {
    const secure = site.endpoint.startsWith('https:')
    const options = { method: 'GET', signal, agent: false as const, headers: { connection: 'close' } }
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = secure
        ? httpsRequest(site.endpoint, { ...options, rejectUnauthorized: false })
        : httpRequest(site.endpoint, options)
      asked.once('response', resolve).once('error', reject).end()
    })
    const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]))
    return { status: answer.statusCode ?? 0, headers, text: await textOf(answer) }
  },
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of answer) {
    text += String(chunk)
    if (text.length >= unsignedBytes) break
  }
  return text.slice(0, unsignedBytes)
}

async function trusted({ tls }: Site): Promise<string[]> {
  const ca = getCACertificates('default')
  return tls.caFile === undefined ? ca : [...ca, await readFile(tls.caFile, 'utf8')]
}

function certificateOf(peer: PeerCertificate, distrust: string | null): Certificate {
  return {
    subject: textOfName(peer.subject.CN),
    issuer: textOfName(peer.issuer.O ?? peer.issuer.CN),
    validUntil: Date.parse(peer.valid_to),
    distrust,
  }
}

const textOfName = (name: string | readonly string[] | undefined): string =>
  name === undefined ? 'unnamed' : typeof name === 'string' ? name : name.join(', ')

const abortError = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted')
