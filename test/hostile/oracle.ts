import { clients, type Client, type Right } from './clients.ts'
import type { HostileRequest } from './hostile-request.ts'
import { chooses, s3Entries, serverText, type S3Entry } from './s3-requests.ts'

/** What S3's documentation and the client's rights say of a request; never what the gateway's code does. */
export interface Verdict {
  readonly must: 'refuse' | 'accept' | 'nothing'
  readonly why: string
  /** The answer may hold what is the client’s; otherwise nothing of anybody’s. */
  readonly sees: 'own' | 'nothing'
}

const refuse = (why: string): Verdict => ({ must: 'refuse', why, sees: 'nothing' })
const either = (why: string): Verdict => ({ must: 'nothing', why, sees: 'own' })

/** Where clients reach buckets as host names. */
export const baseHost = 's3.hostile.test'

/** Judges a request by its own reading, in which anything odd may at most be accepted. */
export function judge(request: HostileRequest): Verdict {
  // A browser's question is unsigned, whatever stands beside it: the rules of any bucket may answer, and nothing but they.
  if (isPreflight(request)) return { must: 'nothing', why: 'a preflight', sees: 'nothing' }
  if (request.wrong !== null) return refuse(request.wrong)
  const client = clients[request.as]
  if (client.expired) return refuse('the key has expired')
  const place = placeOf(request)
  if (place === null) return refuse('the target is no path of S3')
  if (place.bucket !== '' && place.bucket !== client.bucket) return refuse('the bucket is not the client’s')
  const names = namesOf(request.target)
  if (names === null) return refuse('the query cannot be read')
  const entry = entryFor(request.method, place, names)
  if (typeof entry === 'string') return refuse(entry)
  const missing = neededRights(entry, request, names).find((right) => !client.rights.includes(right))
  if (missing !== undefined) return refuse(`${entry.operation} needs ${missing}`)
  const beyond = beyondPrefix(client, entry, place, request)
  if (beyond !== null) return refuse(beyond)
  const copied = copySourceOf(request)
  if (copied !== null && !copied.startsWith(`${client.bucket}/${client.prefix}`))
    return refuse('it copies what is not the client’s')
  // What is no upload, no document of a query, is missed in more than one way.
  const vague = names.includes('uploadId') || entry.operation === 'SelectObjectContent'
  if (!request.untouched || vague) return either('odd')
  return { must: 'accept', why: `${entry.operation} is the client’s right`, sees: 'own' }
}

const isPreflight = ({ method, headers }: HostileRequest): boolean =>
  method === 'OPTIONS' &&
  ['origin', 'access-control-request-method'].every((name) => headers.some(([own]) => own.toLowerCase() === name))

interface Place {
  readonly bucket: string
  readonly key: string
}

/** Bucket and key by S3's rule: percent-decoded once, the first segment is the bucket, nothing is ever normalised. */
function placeOf({ target, host }: HostileRequest): Place | null {
  const absolute = /^http:\/\/[^/?]*/i.exec(target)?.[0] ?? ''
  const path = target.slice(absolute.length).split('?')[0]!
  if (path === '' && absolute === '') return null
  if (path !== '' && !path.startsWith('/')) return null
  const decoded = decode(path.slice(1))
  if (decoded === null) return null
  const named = (absolute === '' ? host : absolute.slice('http://'.length)).toLowerCase().replace(/\.?(?::\d*)?$/, '')
  const virtual = named.endsWith(`.${baseHost}`) ? named.slice(0, -baseHost.length - 1) : null
  if (virtual !== null) return { bucket: virtual, key: decoded }
  const slash = decoded.indexOf('/')
  if (slash < 0) return { bucket: decoded, key: '' }
  // An empty first segment is no service, and nothing else either.
  return slash === 0 ? null : { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) }
}

/** Query names, decoded; null where a percent sign stands alone. */
function namesOf(target: string): readonly string[] | null {
  const mark = target.indexOf('?')
  if (mark < 0) return []
  const names: string[] = []
  for (const pair of target.slice(mark + 1).split('&')) {
    if (pair === '') continue
    const name = decode(pair.split('=')[0]!.replaceAll('+', ' '))
    if (name === null || decode(pair) === null) return null
    names.push(name)
  }
  return names
}

function decode(text: string): string | null {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null
  const bytes = text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const utf8 = Buffer.from(bytes, 'latin1').toString('utf8')
  return utf8.includes('�') || utf8.includes('\0') ? null : utf8
}

const everywhere = new Set(['x-id', 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Expires'])
const signed = new Set(['X-Amz-SignedHeaders', 'X-Amz-Signature', 'X-Amz-Content-Sha256'])

function entryFor(method: string, place: Place, all: readonly string[]): S3Entry | string {
  const level = place.bucket === '' ? 'service' : place.key === '' ? 'bucket' : 'object'
  const names = all.filter((name) => !everywhere.has(name) && !signed.has(name))
  const odd = names.find((name) => serverText.includes(name))
  if (odd !== undefined) return `${odd} is a server’s own word`
  const entries = s3Entries.filter((entry) => entry.method === method && entry.level === level)
  const choosing = names.filter((name) => chooses.has(name))
  const fits = entries.filter(
    ({ selectors, may }) =>
      selectors.every((name) => names.includes(name)) &&
      names.every((name) => selectors.includes(name) || may.includes(name)),
  )
  const best = fits.toSorted((a, b) => b.selectors.length - a.selectors.length)[0]
  if (best !== undefined) return best
  return `${method} of ${level} is no operation with ${choosing.length > 0 ? choosing.join(' and ') : names.join(' and ')}`
}

/** All that a request wants beside its operation's own right. */
function neededRights(entry: S3Entry, request: HostileRequest, names: readonly string[]): readonly Right[] {
  const rights: Right[] = entry.right === null ? ['bucketSettings'] : [entry.right]
  const has = (pattern: RegExp, value = /^(?!private$)./i): boolean =>
    request.headers.some(([name, text]) => pattern.test(name.toLowerCase()) && value.test(text.trim()))
  const writes = entry.right === 'write'
  if (writes && has(/^x-amz-acl$|^x-amz-grant-/)) rights.push('acl')
  if (writes && has(/^x-amz-object-lock-/)) rights.push('retention')
  if (writes && has(/^x-amz-tagging$/)) rights.push('tags')
  if (['delete', 'retention'].includes(entry.right ?? '') && has(/^x-amz-bypass-governance-retention$/, /^true$/i))
    rights.push('bypassGovernance')
  if (entry.operation === 'DeleteObject' && names.includes('versionId')) rights.push('deleteVersions')
  return rights
}

function beyondPrefix(
  { prefix }: Client,
  { level, operation }: S3Entry,
  { key }: Place,
  { target }: HostileRequest,
): string | null {
  if (prefix === '') return null
  if (level === 'object') return key.startsWith(prefix) ? null : 'the key is beyond the client’s prefix'
  if (!operation.startsWith('List') || level === 'service') return null
  const asked = target
    .split('?')[1]
    ?.split('&')
    .filter((pair) => decode(pair.split('=')[0]!) === 'prefix')
    .map((pair) => decode(pair.slice(pair.indexOf('=') + 1).replaceAll('+', ' ')) ?? '')
  return asked !== undefined && asked.length > 0 && asked.every((text) => text.startsWith(prefix))
    ? null
    : 'it lists beyond the client’s prefix'
}

/** The decoded sources of a copy, without the leading slash; null when it copies nothing. */
function copySourceOf({ headers, method }: HostileRequest): string | null {
  if (method !== 'PUT') return null
  const sources = headers.filter(([name]) => name.toLowerCase() === 'x-amz-copy-source').map(([, value]) => value)
  if (sources.length === 0) return null
  const source = decode(sources.join(',')) ?? ''
  return source.startsWith('/') ? source.slice(1) : source
}
