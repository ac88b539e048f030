import { createHash, createHmac } from 'node:crypto'
import { clients } from './clients.ts'
import type { Header, HostileRequest, Wire } from './hostile-request.ts'

// Written from the documentation of S3's signatures alone: what it shares with the gateway would hide what both get wrong.

const region = 'us-east-1'
const emptyHash = sha256(Buffer.alloc(0))

/** Signs the request as it says, and changes afterwards what it wants changed. */
export function signed(request: HostileRequest, now: number): Wire {
  const { body, headers } = framed(request)
  const at = new Date(now - (request.signing.agoMs ?? 0))
  const unsigned = { ...request, headers, body }
  const wire = ways[request.signing.way](unsigned, at)
  return request.late?.(wire) ?? wire
}

const ways: Readonly<Record<HostileRequest['signing']['way'], (request: HostileRequest, at: Date) => Wire>> = {
  header: signInHeader,
  presigned: signInQuery,
  version2: signByVersion2,
  none: (request) => wireOf(request, request.target, []),
}

interface Framed {
  readonly body: Buffer
  readonly headers: readonly Header[]
}

/** The headers with the body's own. */
function framed({ method, headers, body, payload }: HostileRequest): Framed {
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const bodied = body.length > 0 || method === 'PUT' || method === 'POST'
  const length = (bytes: number): readonly Header[] =>
    bodied && !given.has('content-length') ? [['content-length', String(bytes)]] : []
  if (payload.kind !== 'signedChunks') return { body, headers: [...headers, ...length(body.length)] }
  const decoded: Header = ['x-amz-decoded-content-length', String(body.length)]
  return { body, headers: [...headers, ['content-encoding', 'aws-chunked'], decoded] }
}

function contentHash({ payload, body }: HostileRequest): string {
  if (payload.kind === 'literal') return payload.words
  return payload.kind === 'hash' ? sha256(body) : 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
}

function signInHeader(request: HostileRequest, at: Date): Wire {
  const { payload, body } = request
  const chunks = payload.kind === 'signedChunks' ? chunkSizes(body.length, payload.chunkBytes) : []
  const framing = chunks.reduce((sum, size) => sum + size + size.toString(16).length + 85, 0)
  const headers: readonly Header[] = [
    ...request.headers,
    ['host', request.host],
    ['x-amz-content-sha256', contentHash(request)],
    ['x-amz-date', stampOf(at)],
    ...(payload.kind === 'signedChunks' ? [['content-length', String(framing)] as const] : []),
  ]
  const names = [...new Set(headers.map(([name]) => name.toLowerCase()))].filter(isSignable).toSorted()
  const text = canonical(request, request.target, headers, names, contentHash(request))
  const { signature, key } = signatureOf(request, text, at)
  const credential = `${clients[request.signing.idOf ?? request.as].accessKeyId}/${scopeOf(at)}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  const bodyOut = payload.kind === 'signedChunks' ? chunksOf(body, chunks, key, at, signature, payload) : body
  return wireOf({ ...request, headers, body: bodyOut }, request.target, [['authorization', authorization]])
}

/** What proxies may change is left out, as clients do. */
const isSignable = (name: string): boolean =>
  !/^(?:connection|expect|te|transfer-encoding|user-agent|range)$/.test(name)

function signInQuery(request: HostileRequest, at: Date): Wire {
  const { accessKeyId } = clients[request.signing.idOf ?? request.as]
  const mark = request.target.indexOf('?')
  const parameters = [
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(`${accessKeyId}/${scopeOf(at)}`)}`,
    `X-Amz-Date=${stampOf(at)}`,
    `X-Amz-Expires=${request.signing.expires ?? '300'}`,
    'X-Amz-SignedHeaders=host',
  ].join('&')
  const target = `${request.target}${mark < 0 ? '?' : request.target.endsWith('?') ? '' : '&'}${parameters}`
  const headers: readonly Header[] = [...request.headers, ['host', request.host]]
  const text = canonical(request, target, headers, ['host'], 'UNSIGNED-PAYLOAD')
  const { signature } = signatureOf(request, text, at)
  return wireOf({ ...request, headers }, `${target}&X-Amz-Signature=${signature}`, [])
}

function signByVersion2(request: HostileRequest, at: Date): Wire {
  const { accessKeyId } = clients[request.signing.idOf ?? request.as]
  const { secretAccessKey } = clients[request.signing.secretOf ?? request.as]
  const path = request.target.split('?')[0]!
  const text = [request.method, '', '', at.toUTCString(), path].join('\n')
  const signature = createHmac('sha1', secretAccessKey).update(text).digest('base64')
  return wireOf(request, request.target, [
    ['host', request.host],
    ['date', at.toUTCString()],
    ['authorization', `AWS ${accessKeyId}:${signature}`],
  ])
}

function wireOf(request: HostileRequest, target: string, more: readonly Header[]): Wire {
  const hosted = [...request.headers, ...more].some(([name]) => name.toLowerCase() === 'host')
  const headers = [...(hosted ? [] : [['host', request.host] as const]), ...request.headers, ...more]
  return { method: request.method, target, version: 'HTTP/1.1', headers, body: request.body }
}

function canonical(
  { method, signing }: HostileRequest,
  target: string,
  headers: readonly Header[],
  names: readonly string[],
  hash: string,
): string {
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = mark < 0 ? '' : target.slice(mark + 1)
  const lines = names.map((name) => {
    const values = headers.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value.trim())
    return `${name}:${values.join(',').replaceAll(/ +/g, ' ')}\n`
  })
  const canonicalPath = signing.path === 'normal' ? encodedAgain(path, true) : path
  return [method, canonicalPath, canonicalQuery(query), lines.join(''), names.join(';'), hash].join('\n')
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      return [encodedAgain(name, false), encodedAgain(equals < 0 ? '' : pair.slice(equals + 1), false)] as const
    })
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  return pairs
    .toSorted((a, b) => order(a[0], b[0]) || order(a[1], b[1]))
    .map((pair) => pair.join('='))
    .join('&')
}

/** Percent-encoded in S3's one way, from whatever way it was in. Bytes in, bytes out. */
function encodedAgain(text: string, path: boolean): string {
  const bytes = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Array.from(bytes, (char) => {
    if (/[A-Za-z0-9_.~-]/.test(char) || (path && char === '/')) return char
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

interface Signature {
  readonly signature: string
  readonly key: Buffer
}

function signatureOf({ signing, as }: HostileRequest, canonicalText: string, at: Date): Signature {
  const { secretAccessKey } = clients[signing.secretOf ?? as]
  const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest()
  const key = hmac(hmac(hmac(hmac(`AWS4${secretAccessKey}`, stampOf(at).slice(0, 8)), region), 's3'), 'aws4_request')
  const text = ['AWS4-HMAC-SHA256', stampOf(at), scopeOf(at), sha256(Buffer.from(canonicalText, 'latin1'))].join('\n')
  return { signature: hmac(key, text).toString('hex'), key }
}

function chunkSizes(total: number, each: number): readonly number[] {
  const sizes = Array.from({ length: Math.floor(total / each) }, () => each)
  return [...sizes, ...(total % each === 0 ? [] : [total % each]), 0]
}

function chunksOf(
  body: Buffer,
  sizes: readonly number[],
  key: Buffer,
  at: Date,
  seed: string,
  { breakSignature = false }: { readonly breakSignature?: boolean },
): Buffer {
  let before = seed
  let offset = 0
  const pieces = sizes.map((size, index) => {
    const chunk = body.subarray(offset, offset + size)
    offset += size
    const text = ['AWS4-HMAC-SHA256-PAYLOAD', stampOf(at), scopeOf(at), before, emptyHash, sha256(chunk)].join('\n')
    const own = createHmac('sha256', key).update(text).digest('hex')
    before = breakSignature && index === sizes.length - 1 ? own.replace(/^./, (c) => (c === '0' ? '1' : '0')) : own
    const head = `${size.toString(16)};chunk-signature=${before}\r\n`
    return Buffer.concat([Buffer.from(head), chunk, Buffer.from('\r\n')])
  })
  return Buffer.concat(pieces)
}

const stampOf = (at: Date): string => at.toISOString().replaceAll(/[-:]|\.\d+/g, '')
const scopeOf = (at: Date): string => `${stampOf(at).slice(0, 8)}/${region}/s3/aws4_request`

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
