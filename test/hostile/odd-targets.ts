import type { Random } from '../support/random.ts'
import type { HostileRequest } from './hostile-request.ts'
import { baseHost } from './oracle.ts'
import { knownForeign as foreign, knownForeignKey as key } from './planted.ts'
import { serverText, settings } from './s3-requests.ts'

type Change = (random: Random, request: HostileRequest) => HostileRequest

const pathOf = (target: string): string => target.split('?')[0]!
const queryOf = (target: string): string => (target.includes('?') ? target.slice(target.indexOf('?') + 1) : '')
const joined = (path: string, query: string): string => (query === '' ? path : `${path}?${query}`)
const aimed = (request: HostileRequest, path: string): HostileRequest => ({
  ...request,
  target: joined(path, queryOf(request.target)),
})
const asked = (request: HostileRequest, query: string): HostileRequest => ({
  ...request,
  target: joined(pathOf(request.target), query),
})

/** Paths that name what is foreign, in spellings that one reader may take for something else than the next. */
export const foreignPaths: readonly string[] = [
  ...[
    '',
    '/',
    '//',
    '/.',
    '/..',
    '/%2e%2e',
    '/%2F',
    '%2F',
    '/;',
    '\\',
    '/\\',
    '/%5C',
    '/%00',
    '/%20',
    '/+',
    '/?/',
  ].flatMap((lead) => [`${lead}/${foreign}/${key}`, `${lead}/${foreign}`, `${lead}/${foreign}/`]),
  `//%70rivate/${key}`,
  `/%70rivate/${key}`,
  `/%2570rivate/${key}`,
  `//${foreign}%2F${key}`,
  `/${foreign}%2F${key}`,
  `/${foreign}%252F${key}`,
  `/${foreign};/${key}`,
  `/${foreign}%00/${key}`,
  `/${foreign}%20/${key}`,
  `/${foreign}./${key}`,
  `/${foreign.toUpperCase()}/${key}`,
  `/${foreign}\\${key}`,
  `/default:${foreign}/${key}`,
  `/:${foreign}/${key}`,
  `/$${foreign}/${key}`,
  `/%3A${foreign}/${key}`,
  ...['photos', 'drop', 'shelf', 'shelf/mine'].flatMap((own) =>
    [
      `/../${foreign}/`,
      `/%2e%2e/${foreign}/`,
      `/%2E%2E%2F${foreign}/`,
      `/..%2F${foreign}/`,
      `/..;/${foreign}/`,
      `/..\\${foreign}/`,
      `/..%5C${foreign}/`,
      `/x/../../${foreign}/`,
      `/%252e%252e/${foreign}/`,
      `/%c0%ae%c0%ae/${foreign}/`,
      `/..%00/${foreign}/`,
      `/.%2e/${foreign}/`,
      `/../../${foreign}/`,
      `//../${foreign}/`,
      `?/../${foreign}/`,
      `#/../${foreign}/`,
      `%2F..%2F${foreign}%2F`,
    ].map((way) => `/${own}${way}${key}`),
  ),
  '/shelf/mine/../theirs/known',
  '/shelf/mine/%2e%2e/theirs/known',
  '/shelf/mine/..%2Ftheirs%2Fknown',
  '/shelf//theirs/known',
  '/shelf/theirs%2Fknown',
  '/shelf/./theirs/known',
  '/shelf/%74heirs/known',
  '/shelf/theirs/known',
  '/shelf/mine%2F..%2Ftheirs%2Fknown',
  '/shelf/mine\\..\\theirs\\known',
]

const servers = [
  'minio/admin/v3/info',
  'minio/admin/v3/list-users',
  'minio/health/live',
  'minio/v2/metrics/cluster',
  'minio/storage/data/v63/diskinfo',
  'minio/console',
  'minio',
  'rustfs/admin/v3/info',
  'rustfs/console/',
  'admin/user?uid=lockstep',
  'admin/user?uid=test&format=json',
  'admin/bucket',
  'admin/metadata/user',
  'admin/usage',
  'admin/info',
  'admin/log',
  'admin/config?type=zone',
  'swift/v1',
  'swift/v1/private',
  'auth/v1.0',
  'crossdomain.xml',
  'info',
  'favicon.ico',
  '?Action=ListTopics',
  '?Action=GetCallerIdentity&Version=2011-06-15',
  '?Action=AssumeRole&Version=2011-06-15&DurationSeconds=3600',
  '?Action=ListUsers',
  '?format=json',
  '?usage',
  '?format=json&usage',
  '?format=xml',
  '?stats=true',
  '?events=s3:ObjectCreated:*',
  '?x-id=ListBuckets&format=json',
  '?metrics',
  '?session',
  '?prefix=private',
  '?max-buckets=1&continuation-token=private',
]
const leads = [
  '/',
  '//',
  '///',
  '/./',
  '/%2F',
  '/.//',
  '/%2e/',
  '/../',
  '/photos/../',
  '/photos/%2e%2e/',
  '/photos//',
  '/x/../',
  '/;/',
  '/\\',
]

/** What servers keep beside the buckets: their administration, sign-in and metrics. */
export const serverPaths: readonly string[] = servers.flatMap((path) => leads.map((lead) => `${lead}${path}`))

const pathChanges: readonly Change[] = [
  (random, request) => aimed(request, random.pick(foreignPaths).split('?')[0]!),
  (random, request) =>
    aimed(request, random.pick(['/', '//', '///', '/./', '/%2F', '/.%2F']) + pathOf(request.target).slice(1)),
  (random, request) => {
    const path = pathOf(request.target)
    const at = random.int(1, Math.max(1, path.length - 1))
    return aimed(request, `${path.slice(0, at)}%${(path.charCodeAt(at) || 0x61).toString(16)}${path.slice(at + 1)}`)
  },
  (random, request) =>
    aimed(
      request,
      pathOf(request.target).replaceAll(/[a-z]/g, (c) => (random.chance(0.3) ? `%${c.charCodeAt(0).toString(16)}` : c)),
    ),
  (_, request) => aimed(request, pathOf(request.target).replaceAll('%', '%25')),
  (_, request) => aimed(request, pathOf(request.target).replaceAll('/', '%2F').replace('%2F', '/')),
  (random, request) => {
    const path = pathOf(request.target)
    const at = random.int(0, path.length)
    const odd = [
      '%00',
      '%ff',
      '%c3%28',
      '%',
      '%zz',
      '%1',
      ';',
      '\\',
      '%5c',
      '%0d%0a',
      '%20',
      '+',
      '//',
      '/./',
      '/../',
      '\x7f',
      '\xff',
      '"',
      '<',
      '|',
      '%ef%bb%bf',
      '%e2%80%ae',
      '..',
      '?',
      '#',
      '%23',
      '%3f',
      '*',
      '%f0%9f%92%a9',
    ]
    return aimed(request, path.slice(0, at) + random.pick(odd) + path.slice(at))
  },
  (random, request) =>
    aimed(request, `${pathOf(request.target)}/${'a'.repeat(random.pick([900, 1025, 5000, 16_000]))}`),
  (random, request) => aimed(request, `/${'%2e%2e/'.repeat(random.int(1, 2000))}${foreign}/${key}`),
  (_, request) => ({ ...request, target: `http://127.0.0.1${request.target}` }),
  (_, request) => ({ ...request, target: `http://${foreign}.${baseHost}${request.target}` }),
  (_, request) => ({ ...request, target: `http://${foreign}${request.target}` }),
  (random, request) => ({
    ...request,
    target: random.pick([
      '*',
      '',
      '?',
      'private/secret',
      '127.0.0.1:9000',
      'http://',
      'http:///private',
      '//',
      '/?',
      '/%',
    ]),
  }),
]

const hosts = [
  `${foreign}.${baseHost}`,
  `${foreign}.${baseHost}:9000`,
  `${foreign}.${baseHost}.`,
  `${foreign.toUpperCase()}.${baseHost}`,
  `x.${foreign}.${baseHost}`,
  `..${baseHost}`,
  `.${baseHost}`,
  `minio.${baseHost}`,
  `admin.${baseHost}`,
  `drop.${baseHost}`,
  `photos.${baseHost}`,
  `photos.${baseHost}@${foreign}.${baseHost}`,
  `${foreign}%2e${baseHost}`,
  `photos/.${baseHost}`,
  `photos%2F.${baseHost}`,
  `../${foreign}.${baseHost}`,
  baseHost,
  '',
  'localhost',
  `${foreign}.localhost`,
]

const hostChanges: readonly Change[] = [
  (random, request) => ({ ...request, host: random.pick(hosts) }),
  (random, request) => {
    const [, , ...rest] = pathOf(request.target).split('/')
    return {
      ...aimed(request, `/${rest.join('/')}`),
      host: `${pathOf(request.target).split('/')[1] ?? ''}${random.pick(['.', '.', '..'])}${baseHost}`,
    }
  },
  (random, request) => ({
    ...request,
    headers: [
      ...request.headers,
      ['x-forwarded-host', `${foreign}.${baseHost}`],
      [random.pick(['x-host', 'x-original-url', 'x-rewrite-url', 'forwarded']), `/${foreign}/${key}`],
    ],
  }),
]

const words = [
  ...settings,
  ...serverText,
  'acl',
  'tagging',
  'versions',
  'uploads',
  'delete',
  'torrent',
  'retention',
  'legal-hold',
  'restore',
  'select',
  'session',
  'renameObject',
  'versionId',
  'partNumber',
  'uploadId',
  'list-type',
  'events',
  'prefix',
  'x-id',
  'attributes',
  'append',
  'response-content-type',
]

const queryChanges: readonly Change[] = [
  (random, request) => asked(request, plus(queryOf(request.target), random.pick(words))),
  (random, request) =>
    asked(
      request,
      plus(
        queryOf(request.target),
        `${random.pick(words)}=${random.pick(['', '1', 'true', 'json', foreign, `../${foreign}`, '%00', '0x10', '1e2', '-1', ' '.repeat(3).replaceAll(' ', '%20')])}`,
      ),
    ),
  (random, request) => asked(request, plus(random.pick(words), queryOf(request.target))),
  (random, request) => {
    const word = random.pick(words)
    return asked(request, plus(queryOf(request.target), `%${word.charCodeAt(0).toString(16)}${word.slice(1)}`))
  },
  (random, request) => asked(request, plus(queryOf(request.target), random.pick(words).toUpperCase())),
  (random, request) =>
    asked(
      request,
      plus(
        queryOf(request.target),
        `${random.pick([';', '%26', '%3f', '&amp;', '&&', '&=', '=', '?', '/', '%00', '+', '%20', '%ff', '%', '%%', '#'])}${random.pick(words)}`,
      ),
    ),
  (random, request) => {
    const query = queryOf(request.target)
    return asked(request, plus(query, random.pick(query === '' ? ['prefix=a&prefix=b'] : query.split('&'))))
  },
  (_, request) =>
    asked(request, plus(queryOf(request.target), 'versionId=null&versionId=8c6b1a3e-0000-4000-8000-000000000001')),
  (_, request) => asked(request, queryOf(request.target).replaceAll(/prefix=[^&]*/g, `prefix=mine/../theirs/`)),
  (random, request) =>
    asked(
      request,
      queryOf(request.target).replaceAll(
        /prefix=[^&]*/g,
        random.pick([
          'prefix',
          'prefix=',
          'prefix=mine',
          'prefix=theirs/',
          'prefix=mine%2f&prefix=',
          'prefix=&prefix=mine/',
          'Prefix=mine/',
          '%70refix=',
          'prefix=mine/%00',
        ]),
      ),
    ),
  (random, request) =>
    asked(
      request,
      plus(
        queryOf(request.target),
        `marker=${random.pick(['mine0', 'theirs/', '%00'])}&start-after=theirs&key-marker=theirs&delimiter=${random.pick(['/', 'm', '%00', ''])}`,
      ),
    ),
  (random, request) =>
    asked(request, plus(queryOf(request.target), `x${'y'.repeat(random.pick([100, 4000, 20_000]))}=1`)),
  (random, request) =>
    asked(
      request,
      plus(
        queryOf(request.target),
        Array.from({ length: random.pick([50, 2000]) }, (_, index) => `p${index}`).join('&'),
      ),
    ),
  (random, request) =>
    asked(
      request,
      plus(
        queryOf(request.target),
        `rgwx-${random.pick(['version-id', 'mtime', 'stat', 'zonegroup', 'uid'])}=${foreign}`,
      ),
    ),
  (random, request) =>
    asked(
      request,
      plus(
        queryOf(request.target),
        `response-content-${random.pick(['type', 'disposition', 'language'])}=${random.pick(['text/html', 'a%0d%0aset-cookie:%20x=1', '%00', '%f0%9f%92%a9'])}`,
      ),
    ),
]

const plus = (a: string, b: string): string => [a, b].filter((part) => part !== '').join('&')

/** Changes to the request line and the host. */
export const targetChanges: Readonly<Record<string, readonly Change[]>> = {
  path: pathChanges,
  host: hostChanges,
  query: queryChanges,
}
