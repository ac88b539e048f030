import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { onTestFinished } from 'vitest'
import { compareBytes, oddCurrentPage, oddVersionPage, type ListingForm, type OddPage } from './odd-listing.ts'
import type { SiteAccess } from './s3-site.ts'
import { sandboxKeys } from './sandbox.ts'

/** How the source answers a GET of a version that it has not got. */
export type Refusal = 'version' | 'key' | 'bucket' | 'bare' | 'page' | 'denied' | 'broken'

/** What is wrong with the answers of a {@link HostileSource}; changed at any time. */
export interface Lies {
  /** Versions that no listing shows. */
  readonly hides?: ((key: string, versionId: string) => boolean) | undefined
  /** Puts the entries of a listing in another order. */
  readonly order?: (<T>(entries: readonly T[]) => readonly T[]) | undefined
  /** Pages of other keys, whatever prefix was asked for, before the first true one. */
  readonly strangersFirst?: number | undefined
  /** Empty pages with IsTruncated before the first true one. */
  readonly emptyFirst?: number | undefined
  /** Every entry twice. */
  readonly repeats?: boolean | undefined
  readonly pageSize?: number | undefined
  /** Lists as a server of the field does: the other lies about listings are not told then. */
  readonly form?: ListingForm | undefined
  /** Times of listings without milliseconds, as most sites give them. */
  readonly coarseTimes?: boolean | undefined
  /** ListObjectsV2 is answered with AccessDenied. */
  readonly refusesCurrent?: boolean | undefined
  /** Of a version that is not there. */
  readonly absent?: Refusal | undefined
  /** Of a version that is there. */
  readonly present?: Refusal | undefined
  /** As after a bucket was removed: everything answers NoSuchBucket. */
  readonly bucketGone?: boolean | undefined
}

interface Version {
  readonly key: string
  readonly versionId: string
  /** null: a delete marker. */
  readonly body: string | null
  readonly modifiedAt: number
}

interface TrueVersion extends Version {
  readonly deleteMarker: boolean
}

/** A source that is read only, and whose listings and refusals lie as told. What it truly has is in the test's hands. */
export interface HostileSource extends SiteAccess {
  lies: Lies
  /** Every version it has, the newest of a key first. */
  versions(): readonly Version[]
  /** The same in the order of a listing that does not lie. */
  trueOrder(): readonly TrueVersion[]
  has(key: string, versionId: string): boolean
  add(key: string, body: string | null, versionId?: string): string
  remove(key: string, versionId: string): void
  clear(): void
}

export async function hostileSource(bucket = 'data'): Promise<HostileSource> {
  const source = new Source(bucket)
  const server = createServer((request, response) => source.answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  source.endpoint = `http://127.0.0.1:${address.port}`
  return source
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const escaped = (key: string): string => encodeURIComponent(key).replaceAll('%2F', '/')

class Source implements HostileSource {
  endpoint = ''
  readonly region = 'us-east-1'
  readonly accessKeyId = sandboxKeys.accessKeyId
  readonly secretAccessKey = sandboxKeys.secretAccessKey
  lies: Lies = {}
  readonly #bucket: string
  #versions: Version[] = []
  #minted = 0

  constructor(bucket: string) {
    this.#bucket = bucket
  }

  versions(): readonly Version[] {
    return this.#versions
  }

  has(key: string, versionId: string): boolean {
    return this.#versions.some((version) => version.key === key && version.versionId === versionId)
  }

  add(key: string, body: string | null, versionId = `v${++this.#minted}`): string {
    this.remove(key, versionId)
    this.#versions.unshift({ key, versionId, body, modifiedAt: Date.now() - 60_000 + this.#minted })
    return versionId
  }

  remove(key: string, versionId: string): void {
    this.#versions = this.#versions.filter((version) => version.key !== key || version.versionId !== versionId)
  }

  clear(): void {
    this.#versions = []
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, bucket = '', ...rest] = url.pathname.split('/')
    const key = decodeURIComponent(rest.join('/'))
    const query = url.searchParams
    if (bucket === '') return send(response, 200, '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>')
    if (bucket !== this.#bucket || this.lies.bucketGone === true) return refuse(response, request.method, 'bucket')
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 501, '')
    if (key !== '') return this.#object(request, response, key, query)
    if (query.has('versions')) return send(response, 200, this.#listing(query))
    if (query.get('list-type') === '2' && this.lies.refusesCurrent === true)
      return sendError(response, 403, 'AccessDenied')
    if (query.get('list-type') === '2') return send(response, 200, this.#current(query))
    if (query.has('versioning'))
      return send(response, 200, '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>')
    if (query.has('object-lock')) return sendError(response, 404, 'ObjectLockConfigurationNotFoundError')
    return send(response, 200, '')
  }

  #object(request: IncomingMessage, response: ServerResponse, key: string, query: URLSearchParams): void {
    if (query.has('tagging')) return send(response, 200, '<Tagging><TagSet/></Tagging>')
    const asked = query.get('versionId')
    const found = this.#versions.find((one) => one.key === key && (asked === null || one.versionId === asked))
    if (found === undefined) return refuse(response, request.method, this.lies.absent ?? 'version')
    if (this.lies.present !== undefined) return refuse(response, request.method, this.lies.present)
    if (found.body === null) {
      response.setHeader('x-amz-delete-marker', 'true')
      return sendError(response, asked === null ? 404 : 405, asked === null ? 'NoSuchKey' : 'MethodNotAllowed')
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const whole = Buffer.from(found.body)
    if (range !== null && whole.length === 0) return sendError(response, 416, 'InvalidRange')
    const body = range === null ? whole : whole.subarray(Number(range[1]), Number(range[2]) + 1)
    response.writeHead(range === null ? 200 : 206, {
      etag: `"${md5(found.body)}"`,
      'last-modified': new Date(found.modifiedAt).toUTCString(),
      'x-amz-version-id': found.versionId,
      'content-length': body.length,
      ...(range === null ? {} : { 'content-range': `bytes ${range[1]}-${range[2]}/${whole.length}` }),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  /** In the true order: keys by their bytes, the newest version of a key first. */
  trueOrder(): readonly TrueVersion[] {
    const byKey = this.#versions.toSorted((a, b) => compareBytes(a.key, b.key))
    return byKey.map((version) => ({ ...version, deleteMarker: version.body === null }))
  }

  #formed(query: URLSearchParams, form: ListingForm): string {
    const all = this.trueOrder()
    const page = oddVersionPage(all, { ...this.#question(query), versionMarker: query.get('version-id-marker') }, form)
    const lines = page.entries.map((version) => {
      const isLatest = all.find(({ key }) => key === version.key) === version
      return lineOf({ key: version.key, version }, this.lies.coarseTimes).replace(
        '</Key>',
        `</Key><IsLatest>${isLatest}</IsLatest>`,
      )
    })
    const next = page.next === null ? null : page.next.versionId
    const isFirst = !/_cache:/.test(query.get('key-marker') ?? '')
    const cursor = form.cursor === undefined ? '' : `[${form.cursor}:v2,${isFirst ? 'return:' : 'id:a889c0bb,p:0,s:0'}]`
    return listingDocument('ListVersionsResult', lines, markers(page, next, cursor))
  }

  #current(query: URLSearchParams): string {
    const { form = {}, hides = () => false } = this.lies
    const shown = this.trueOrder().filter(({ key, versionId }) => !hides(key, versionId))
    const question = this.#question(query, 'start-after')
    const page = oddCurrentPage(shown, question, form)
    const folderOf = (key: string): string | null => {
      const end = query.has('delimiter') ? key.indexOf('/', question.prefix.length) : -1
      return end < 0 ? null : key.slice(0, end + 1)
    }
    const lines = page.entries.map((version) => {
      const folder = folderOf(version.key)
      return folder === null
        ? lineOf({ key: version.key, version }).replaceAll('Version>', 'Contents>')
        : lineOf({ key: folder, version: null })
    })
    const more = `<KeyCount>${lines.length}</KeyCount><IsTruncated>${page.next !== null}</IsTruncated>`
    return listingDocument('ListBucketResult', [...new Set(lines)], more)
  }

  #question(
    query: URLSearchParams,
    marker = 'key-marker',
  ): { readonly prefix: string; readonly size: number; readonly keyMarker: string | null } {
    const size = Math.min(this.lies.pageSize ?? 1000, Number(query.get('max-keys') ?? 1000))
    return {
      prefix: query.get('prefix') ?? '',
      size,
      keyMarker: query.get(marker)?.replace(/\[\w+_cache:.*\]$/, '') ?? null,
    }
  }

  /** Pages go by a number in the version marker; a key marker alone starts behind that key. */
  #listing(query: URLSearchParams): string {
    const { strangersFirst = 0, emptyFirst = 0, pageSize = 1000, form } = this.lies
    if (form !== undefined) return this.#formed(query, form)
    const prefix = query.get('prefix') ?? ''
    const after = query.get('version-id-marker') === null ? query.get('key-marker') : null
    const at = Number(query.get('version-id-marker')?.replace('page-', '') ?? 0)
    const size = Math.min(pageSize, Number(query.get('max-keys') ?? 1000))
    const ahead = strangersFirst + emptyFirst
    if (at < ahead) return document(at < strangersFirst ? this.#strangers(prefix) : [], at + 1, prefix)
    const all = this.#shown(prefix, query.get('delimiter')).filter(({ key }) => after === null || isBelow(after, key))
    const begin = (at - ahead) * size
    const last = begin + size >= all.length
    return document(all.slice(begin, begin + size), last ? null : at + 1, prefix)
  }

  #strangers(prefix: string): readonly Entry[] {
    return [`${prefix}!`, `${prefix}zz`].map((key) => ({
      key,
      version: { key, versionId: 'stranger', body: '', modifiedAt: 0 },
    }))
  }

  #shown(prefix: string, delimiter: string | null): readonly Entry[] {
    const { hides = () => false, order = (same) => same, repeats = false } = this.lies
    const shown = this.#versions.filter(({ key, versionId }) => key.startsWith(prefix) && !hides(key, versionId))
    const entries: Entry[] = []
    const folders = new Set<string>()
    for (const version of shown.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))) {
      const end = delimiter === null ? -1 : version.key.indexOf(delimiter, prefix.length)
      if (end < 0) entries.push({ key: version.key, version })
      else folders.add(version.key.slice(0, end + 1))
    }
    entries.push(...[...folders].map((key) => ({ key, version: null })))
    const sorted = entries.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)))
    const ordered = order(sorted)
    return repeats ? ordered.flatMap((entry) => [entry, entry]) : ordered
  }
}

/** A folder where there is no version. */
interface Entry {
  readonly key: string
  readonly version: Version | null
}

const isBelow = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0

function document(entries: readonly Entry[], next: number | null, prefix: string): string {
  const marker = escaped(entries.at(-1)?.key ?? prefix)
  const more =
    next === null
      ? '<IsTruncated>false</IsTruncated>'
      : `<IsTruncated>true</IsTruncated><NextKeyMarker>${marker}</NextKeyMarker><NextVersionIdMarker>page-${next}</NextVersionIdMarker>`
  return listingDocument(
    'ListVersionsResult',
    entries.map((entry) => lineOf(entry)),
    more,
  )
}

const listingDocument = (root: string, lines: readonly string[], more: string): string =>
  `<?xml version="1.0"?><${root}><EncodingType>url</EncodingType>${more}${lines.join('')}</${root}>`

const markers = ({ next }: OddPage<Version>, versionId: string | null, cursor = ''): string =>
  next === null
    ? '<IsTruncated>false</IsTruncated>'
    : `<IsTruncated>true</IsTruncated><NextKeyMarker>${escaped(next.key + cursor)}</NextKeyMarker><NextVersionIdMarker>${versionId}</NextVersionIdMarker>`

function lineOf({ key, version }: Entry, coarse = false): string {
  if (version === null) return `<CommonPrefixes><Prefix>${escaped(key)}</Prefix></CommonPrefixes>`
  const { versionId, body, modifiedAt } = version
  const iso = new Date(modifiedAt).toISOString()
  const when = coarse ? iso.replace(/\.\d+/, '') : iso
  const common = `<Key>${escaped(key)}</Key><VersionId>${versionId}</VersionId><LastModified>${when}</LastModified>`
  return body === null
    ? `<DeleteMarker>${common}</DeleteMarker>`
    : `<Version>${common}<ETag>"${md5(body)}"</ETag><Size>${Buffer.byteLength(body)}</Size></Version>`
}

const refusals: Readonly<Record<Refusal, readonly [status: number, body: string]>> = {
  version: [404, errorDocument('NoSuchVersion')],
  key: [404, errorDocument('NoSuchKey')],
  bucket: [404, errorDocument('NoSuchBucket')],
  bare: [404, ''],
  page: [404, '<html><body>Not Found</body></html>'],
  denied: [403, errorDocument('AccessDenied')],
  broken: [503, errorDocument('ServiceUnavailable')],
}

function errorDocument(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
}

function refuse(response: ServerResponse, method: string | undefined, how: Refusal): void {
  const [status, body] = refusals[how]
  send(response, status, method === 'HEAD' ? '' : body)
}

const sendError = (response: ServerResponse, status: number, code: string): void =>
  send(response, status, errorDocument(code))

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
