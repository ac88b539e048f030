import { createHash } from 'node:crypto'
import type { Random } from '../support/random.ts'
import { clients, type ClientName } from './clients.ts'
import type { Header, HostileRequest } from './hostile-request.ts'
import { knownForeign, knownForeignKey, type Planted } from './planted.ts'
import { settings } from './s3-requests.ts'

const names: readonly ClientName[] = ['viewer', 'writer', 'scoped']

/** A request as a client’s library would make it: by right or not, on what is the client’s or others’. */
export function wellFormed(random: Random, planted: Planted, of?: ClientName): HostileRequest {
  const as = of ?? random.pick(names)
  const { bucket, prefix } = clients[as]
  const at: Aim = random.chance(0.7)
    ? { bucket, known: random.pick(planted.readable[as]), fresh: `${prefix}new/${random.int(0, 400)}`, own: true }
    : strange(random, as)
  const shape = random.chance(0.75) ? random.pick(common) : random.pick(rare)
  return requestOf(as, at, shape(random, at))
}

/** A plain read of something that the client may read: what must be answered, whatever came before on the connection. */
export function plainRead(as: ClientName, planted: Planted): HostileRequest {
  const known = planted.readable[as][0]!
  const at = { bucket: clients[as].bucket, known, fresh: known, own: true }
  return requestOf(as, at, { method: 'GET', key: known })
}

interface Aim {
  readonly bucket: string
  readonly known: string
  readonly fresh: string
  readonly own: boolean
}

interface Shape {
  readonly method: string
  readonly service?: boolean
  readonly key?: string
  readonly query?: string
  readonly headers?: readonly Header[]
  readonly body?: string | Buffer
}

function strange(random: Random, as: ClientName): Aim {
  const others = names.filter((name) => name !== as).map((name) => clients[name].bucket)
  const bucket = random.pick([knownForeign, knownForeign, ...others])
  const key = random.pick([knownForeignKey, 'a.txt'])
  if (as === 'scoped' && random.chance(0.5)) {
    return { bucket: 'shelf', known: 'theirs/known', fresh: `theirs/new/${random.int(0, 400)}`, own: false }
  }
  return { bucket, known: key, fresh: `new/${random.int(0, 400)}`, own: false }
}

function requestOf(as: ClientName, at: Aim, shape: Shape): HostileRequest {
  const { method, service = false, key = '', query = '', headers = [], body = '' } = shape
  const path = service ? '/' : `/${at.bucket}${key === '' ? '' : `/${encodePath(key)}`}`
  return {
    name: `${as} ${method} ${path}${query === '' ? '' : `?${query}`}`,
    as,
    method,
    target: `${path}${query === '' ? '' : `?${query}`}`,
    host: '127.0.0.1',
    headers,
    body: Buffer.from(body),
    payload: { kind: 'hash' },
    signing: { way: 'header' },
    wrong: null,
    untouched: true,
  }
}

function encodePath(key: string): string {
  return key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/')
}

type Make = (random: Random, at: Aim) => Shape

const prefixOf = ({ known }: Aim): string => encodeURIComponent(known.includes('/') ? `${known.split('/')[0]}/` : '')
const textOf = (random: Random): string => `written ${random.int(0, 1e9)} `.repeat(random.int(0, 40))

const common: readonly Make[] = [
  () => ({ method: 'GET', service: true }),
  (_, at) => ({ method: 'GET', query: `list-type=2&prefix=${prefixOf(at)}` }),
  (random, at) => ({ method: 'GET', query: `prefix=${prefixOf(at)}&max-keys=${random.int(1, 50)}` }),
  (_, at) => ({ method: 'GET', query: `versions&prefix=${prefixOf(at)}&encoding-type=url` }),
  (_, at) => ({ method: 'GET', key: at.known }),
  (random, at) => ({ method: 'GET', key: at.known, headers: [['range', `bytes=${random.int(0, 4)}-9`]] }),
  (_, at) => ({ method: 'HEAD', key: at.known }),
  (random, at) => ({ method: 'PUT', key: at.fresh, body: textOf(random) }),
  (random, at) => ({ method: 'PUT', key: at.fresh, body: textOf(random), headers: [['x-amz-meta-color', 'blue']] }),
  (random, at) => ({ method: 'PUT', key: at.fresh, body: textOf(random), headers: [['x-amz-tagging', 'a=b']] }),
  (_, at) => ({ method: 'DELETE', key: at.fresh }),
  (_, at) => ({ method: 'POST', key: at.fresh, query: 'uploads' }),
  (_, at) => deleteMany([`<Object><Key>${at.fresh}</Key></Object>`]),
  (_, at) => ({
    method: 'PUT',
    key: `${at.fresh}-copy`,
    headers: [['x-amz-copy-source', `/${at.bucket}/${encodePath(at.known)}`]],
  }),
]

const rare: readonly Make[] = [
  () => ({ method: 'HEAD' }),
  () => ({ method: 'PUT' }),
  () => ({ method: 'DELETE' }),
  () => ({ method: 'GET', query: 'location' }),
  () => ({ method: 'GET', query: 'uploads' }),
  () => ({ method: 'GET', query: 'versioning' }),
  () => ({ method: 'GET', query: 'acl' }),
  (random) => ({ method: 'GET', query: random.pick(settings) }),
  (random) => ({ method: 'DELETE', query: random.pick(settings) }),
  (random) => ({
    method: 'PUT',
    query: random.pick(settings),
    body: '<Any xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>',
  }),
  () => ({
    method: 'PUT',
    query: 'versioning',
    body: '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>',
  }),
  () => ({ method: 'PUT', query: 'acl', headers: [['x-amz-acl', 'public-read-write']] }),
  (_, at) => ({ method: 'PUT', query: 'policy', body: openPolicy(at.bucket) }),
  () => ({
    method: 'PUT',
    query: 'lifecycle',
    body: '<LifecycleConfiguration><Rule><ID>all</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>1</Days></Expiration></Rule></LifecycleConfiguration>',
  }),
  () => ({
    method: 'PUT',
    query: 'cors',
    body: '<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>',
  }),
  (_, at) => ({ method: 'GET', key: at.known, query: 'tagging' }),
  (_, at) => ({ method: 'GET', key: at.known, query: 'acl' }),
  (_, at) => ({
    method: 'GET',
    key: at.known,
    query: 'attributes',
    headers: [['x-amz-object-attributes', 'ETag,ObjectSize']],
  }),
  (_, at) => ({ method: 'GET', key: at.known, query: 'torrent' }),
  (_, at) => ({ method: 'GET', key: at.known, query: 'versionId=null' }),
  (_, at) => ({ method: 'PUT', key: at.known, query: 'acl', headers: [['x-amz-acl', 'public-read']] }),
  (_, at) => ({ method: 'PUT', key: at.fresh, query: 'torrent', body: 'past the journal' }),
  (_, at) => ({
    method: 'PUT',
    key: at.fresh,
    query: 'tagging',
    body: '<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
  }),
  (_, at) => ({
    method: 'PUT',
    key: at.fresh,
    query: 'retention',
    body: '<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2031-01-01T00:00:00Z</RetainUntilDate></Retention>',
  }),
  (_, at) => ({
    method: 'PUT',
    key: at.fresh,
    query: 'legal-hold',
    body: '<LegalHold><Status>ON</Status></LegalHold>',
  }),
  (_, at) => ({ method: 'PUT', key: at.fresh, query: 'partNumber=1&uploadId=none', body: 'a part' }),
  (_, at) => ({ method: 'POST', key: at.fresh, query: 'uploadId=none', body: '<CompleteMultipartUpload/>' }),
  (_, at) => ({ method: 'DELETE', key: at.known, query: 'versionId=null' }),
  (_, at) => ({
    method: 'DELETE',
    key: at.known,
    query: 'versionId=8c6b1a3e-0000-4000-8000-000000000001',
    headers: [['x-amz-bypass-governance-retention', 'true']],
  }),
  (_, at) => ({ method: 'POST', key: at.known, query: 'select&select-type=2', body: '<SelectObjectContentRequest/>' }),
  (_, at) => ({ method: 'POST', key: at.known, query: 'restore', body: '<RestoreRequest/>' }),
  (_, at) => ({
    method: 'PUT',
    key: `${at.fresh}-stolen`,
    headers: [['x-amz-copy-source', `/${knownForeign}/${knownForeignKey}`]],
    body: at.own ? '' : '',
  }),
  (_, at) =>
    deleteMany([`<Object><Key>${at.known.replaceAll('&', '&amp;')}</Key><VersionId>null</VersionId></Object>`]),
  (random, at) => ({ method: 'PUT', key: at.fresh, body: textOf(random), headers: [['x-amz-acl', 'public-read']] }),
]

function deleteMany(objects: readonly string[]): Shape {
  const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects.join('')}</Delete>`
  return { method: 'POST', query: 'delete', body, headers: [['content-md5', md5(body)]] }
}

export const md5 = (text: string | Buffer): string => createHash('md5').update(text).digest('base64')

const openPolicy = (bucket: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: [`arn:aws:s3:::${bucket}/*`] }],
  })
