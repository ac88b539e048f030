import { once } from 'node:events'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { FaultError } from '../../shared/model/fault.ts'
import type { IdentityStamp, ObjectStore } from '../../electron/engine/store/port.ts'
import { pumped } from '../../electron/engine/s3/pumped.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { plainVersion } from '../support/new-version.ts'

interface Reply {
  readonly status: number
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
}

interface Seen {
  readonly line: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A site that answers as the test says, and remembers what it was asked. */
async function site(answer: (seen: Seen) => Reply): Promise<{ readonly store: ObjectStore; readonly seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const reply = async (): Promise<void> => {
      const body = (await buffer(request)).toString('latin1')
      const asked = { line: `${request.method} ${request.url}`, headers: request.headers, body }
      seen.push(asked)
      const { status, headers = {}, body: text = '' } = answer(asked)
      response.writeHead(status, { 'content-length': Buffer.byteLength(text), ...headers })
      response.end(request.method === 'HEAD' ? undefined : text)
    }
    void reply()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const store = createStore({
    site: {
      id: 's',
      name: 'S',
      endpoint: `http://127.0.0.1:${address.port}`,
      region: 'us-east-1',
      pathStyle: true,
      tls: { insecureSkipVerify: false },
    },
    keys: { accessKeyId: 'AKEY', secretAccessKey: 'secret' },
    sockets: 2,
  })
  onTestFinished(() => {
    store.close()
    server.closeAllConnections()
    server.close()
  })
  return { store, seen }
}

const ref = { bucket: 'b', key: 'k' }
const plain = plainVersion(ref.bucket, ref.key)
const xmlError = (code: string, message = ''): string =>
  `<Error><Code>${code}</Code><Message>${message}</Message></Error>`
const stamped = (style: IdentityStamp['style'], versionId: string): IdentityStamp => ({
  style,
  versionId,
  modifiedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  etag: 'abc-2',
})
const uuid = '11111111-2222-3333-4444-555555555555'

async function faultOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  )
  return error instanceof FaultError ? error.fault.code : String(error)
}

const stampsOf = ({ headers }: Seen): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => /^x-(?:minio|rustfs)-|replication-status/.test(name)))

test('MinIO and RustFS are told the identity in both families of headers, Ceph in the query, others not at all', async () => {
  const { store, seen } = await site(() => ({ status: 200, body: '<R><UploadId>u</UploadId></R>' }))
  const identity = stamped('adopts-minio', uuid)
  const empty = { sizeBytes: 0, body: Buffer.alloc(0) }
  await store.put({ ...plain, identity }, empty)
  await store.writeDeleteMarker(ref, identity)
  await store.deleteVersion({ ...ref, versionId: uuid }, identity)
  const upload = await store.createUpload({ ...plain, identity })
  await store.completeUpload(upload, [{ partNumber: 1, etag: 'p', sizeBytes: 9 }], identity, 9)
  const both = (facts: Record<string, string>) =>
    Object.fromEntries(
      Object.entries({ 'source-replication-request': 'true', ...facts }).flatMap(([name, value]) => [
        [`x-minio-${name}`, value],
        [`x-rustfs-${name}`, value],
      ]),
    )
  const replica = { 'x-amz-replication-status': 'REPLICA' }
  const mtime = { 'source-mtime': '2026-01-02T03:04:05.678Z' }
  const etag = { 'source-etag': 'abc-2' }
  expect(seen.map((request) => [request.line, stampsOf(request)])).toEqual([
    [`PUT /b/k?versionId=${uuid}`, { ...both({ ...mtime, ...etag }), ...replica }],
    [`DELETE /b/k?versionId=${uuid}`, { ...both({ ...mtime, 'source-deletemarker': 'true' }), ...replica }],
    [`DELETE /b/k?versionId=${uuid}`, { ...both({}), ...replica }],
    [`POST /b/k?uploads=&versionId=${uuid}`, { ...both(etag), ...replica }],
    ['POST /b/k?uploadId=u', both({ ...mtime, ...etag, 'replication-actual-object-size': '9' })],
  ])
  seen.length = 0
  await store.put({ ...plain, identity: stamped('adopts-minio', 'cephs.own-id') }, empty)
  await store.put({ ...plain, identity: stamped('adopts-ceph', 'any/id') }, empty)
  await store.completeUpload(upload, [], stamped('adopts-ceph', 'id'), 0)
  await store.writeDeleteMarker(ref, stamped('adopts-ceph', 'id'))
  await store.put({ ...plain, identity: stamped('mints', uuid) }, empty)
  expect(seen.map(({ line }) => line)).toEqual([
    'PUT /b/k',
    'PUT /b/k?rgwx-version-id=any%2Fid',
    'POST /b/k?rgwx-version-id=id&uploadId=u',
    'DELETE /b/k?rgwx-version-id=id',
    'PUT /b/k',
  ])
  expect(stampsOf(seen.at(-1)!)).toEqual({})
})

test('the ETag of a part is known for no digest where the site encrypts with keys of its own', async () => {
  const { store } = await site(({ line }) => ({
    status: 200,
    headers: { etag: '"p"', ...(line.includes('partNumber=2') ? { 'x-amz-server-side-encryption': 'aws:kms' } : {}) },
  }))
  const upload = { ...ref, uploadId: 'u' }
  const sent = [1, 2].map((number) => store.uploadPart(upload, number, { sizeBytes: 1, body: Buffer.from('x') }))
  expect((await Promise.all(sent)).map(({ encrypted }) => encrypted)).toEqual([false, true])
})

test('what MinIO has already is no second version and no failure', async () => {
  const { store } = await site(() => ({ status: 412, body: xmlError('PreconditionFailed') }))
  const version = { ...plain, identity: stamped('adopts-minio', uuid) }
  const body = { sizeBytes: 1, body: Buffer.from('x') }
  expect(await store.put(version, body)).toEqual({ versionId: uuid, etag: 'abc-2' })
  expect(await faultOf(store.put(plain, body))).toBe('CONFLICT')
})

test('reads ask for the site’s own answer, not that of its replication peer', async () => {
  const { store, seen } = await site(() => ({ status: 200, headers: { etag: '"e"' }, body: 'x' }))
  await store.head(ref)
  const got = await store.get(ref)
  got?.body.destroy()
  for (const { headers } of seen) {
    expect([headers['x-minio-source-proxy-request'], headers['x-rustfs-source-proxy-request']]).toEqual([
      'false',
      'false',
    ])
  }
})

test('metadata in UTF-8 is read and sent byte for byte, whichever letter it ends in', async () => {
  const texts = ['voilà', 'Р', '\u{1f520}', 'ends in no-break space\u00a0']
  const wired = Object.fromEntries(texts.map((text, at) => [`${at}`, Buffer.from(text).toString('latin1')]))
  const named = Object.fromEntries(Object.entries(wired).map(([name, value]) => [`x-amz-meta-${name}`, value]))
  const { store, seen } = await site(() => ({ status: 200, headers: { 'content-length': '0', etag: '"e"', ...named } }))
  const head = await store.head(ref)
  expect({ ...head?.metadata }).toEqual(wired)
  await store.put({ ...plain, metadata: { ...head?.metadata } }, { sizeBytes: 0, body: Buffer.alloc(0) })
  expect(seen.at(-1)?.headers).toMatchObject(named)
})

test('a head is read field by field, raw as on the wire', async () => {
  const { store } = await site(() => ({
    status: 200,
    headers: {
      'content-length': '7',
      etag: '"abc-2"',
      'last-modified': 'Fri, 20 Nov 2026 20:45:09 GMT',
      'content-type': 'text/plain',
      'content-encoding': 'gzip',
      expires: 'never',
      'x-amz-version-id': 'v1',
      'x-amz-meta-name': Buffer.from('grün').toString('latin1'),
      'x-amz-tagging-count': '2',
      'x-amz-object-lock-mode': 'GOVERNANCE',
      'x-amz-object-lock-retain-until-date': '2030-01-01T00:00:00.123456789Z',
      'x-amz-object-lock-legal-hold': 'ON',
      'x-amz-storage-class': 'COLD',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
      'x-amz-checksum-crc32': 'FKTmaw==-3',
      'x-amz-checksum-sha256': 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
      'x-amz-mp-parts-count': '3',
      'x-amz-replication-status': 'REPLICA',
    },
  }))
  const head = await store.head(ref)
  expect({ ...head, metadata: { ...head?.metadata }, content: JSON.parse(JSON.stringify(head?.content)) }).toEqual({
    versionId: 'v1',
    etag: 'abc-2',
    sizeBytes: 7,
    modifiedAt: Date.UTC(2026, 10, 20, 20, 45, 9),
    content: { contentType: 'text/plain', contentEncoding: 'gzip', expires: 'never' },
    metadata: { name: 'grÃ¼n' },
    tagCount: 2,
    lock: { mode: 'GOVERNANCE', retainUntil: '2030-01-01T00:00:00.123456789Z', legalHold: true },
    storageClass: 'COLD',
    encryption: { kind: 'sse-kms', keyId: 'key-1' },
    checksums: [
      { algorithm: 'crc32', type: 'COMPOSITE', value: 'FKTmaw==-3' },
      { algorithm: 'sha256', type: 'FULL_OBJECT', value: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=' },
    ],
    partsCount: 3,
    replicationStatus: 'REPLICA',
  })
})

test('what is not there is null, whatever way the site says it; a missing bucket is a fault', async () => {
  const answers: Record<string, Reply> = {
    gone: { status: 404, body: xmlError('NoSuchKey') },
    version: { status: 404, body: xmlError('NoSuchVersion') },
    marker: { status: 405, headers: { 'x-amz-delete-marker': 'true' }, body: xmlError('MethodNotAllowed') },
    foreign: { status: 400, body: xmlError('InvalidArgument', 'Invalid version id specified') },
    bucket: { status: 404, body: xmlError('NoSuchBucket') },
  }
  const { store } = await site(({ line }) => answers[line.split(/[/?]/)[2]!]!)
  const both = async (key: string): Promise<unknown[]> => {
    const at = { bucket: 'b', key, versionId: 'v' }
    return Promise.all([store.get(at).catch(codeOf), store.head(at).catch(codeOf)])
  }
  const codeOf = (error: unknown): unknown => (error instanceof FaultError ? error.fault.code : error)
  const found = await Promise.all(['gone', 'version', 'marker', 'foreign', 'bucket'].map(both))
  const missing = [null, null]
  expect(found).toEqual([missing, missing, missing, missing, ['BUCKET_MISSING', 'BUCKET_MISSING']])
})

test('a refused HEAD learns its reason from a GET of one byte', async () => {
  const sse = 'The object was stored using a form of Server Side Encryption.'
  const { store, seen } = await site(({ line }) =>
    line.includes('sealed')
      ? { status: 400, body: xmlError('InvalidRequest', sse) }
      : { status: 403, body: xmlError('RequestTimeTooSkewed') },
  )
  expect(await faultOf(store.head({ bucket: 'b', key: 'sealed' }))).toBe('ENCRYPTION_KEY_NEEDED')
  expect(await faultOf(store.head(ref))).toBe('CLOCK_SKEW')
  expect(seen.map(({ line, headers }) => [line, headers['range']])).toEqual([
    ['HEAD /b/sealed', undefined],
    ['GET /b/sealed', 'bytes=0-0'],
    ['HEAD /b/k', undefined],
    ['GET /b/k', 'bytes=0-0'],
  ])
})

test('a source that changed, and a range that was ignored, are no copy', async () => {
  const { store } = await site(({ headers }) =>
    headers['if-match'] === '"old"' ? { status: 412 } : { status: 200, headers: { etag: '"e"' }, body: 'whole' },
  )
  expect(await faultOf(store.get(ref, { ifMatch: 'old' }))).toBe('SOURCE_CHANGED')
  expect(await faultOf(store.get(ref, { range: { first: 0, last: 1 } }))).toBe('RESPONSE_UNREADABLE')
})

test('the site is told the MD5, and an answer with another one is CONTENT_MISMATCH unless it is encrypted there', async () => {
  const other = '00000000000000000000000000000000'
  const { store, seen } = await site(({ line }) => ({
    status: 200,
    headers: { etag: `"${other}"`, ...(line.includes('kms') && { 'x-amz-server-side-encryption': 'aws:kms' }) },
  }))
  const body = () => ({
    sizeBytes: 5,
    body: pumped(Readable.from([Buffer.from('hello')])),
    md5: '5d41402abc4b2a76b9719d911017c592',
  })
  expect(await faultOf(store.put(plain, body()))).toBe('CONTENT_MISMATCH')
  expect(await store.put({ ...plain, key: 'kms' }, body())).toMatchObject({ versionId: null, etag: other })
  expect([seen[0]?.headers['content-md5'], seen[0]?.body]).toEqual(['XUFAKrxLKna5cZ2REBfFkg==', 'hello'])
})

test('tags, locks and parts go and come as they are', async () => {
  const { store, seen } = await site(({ line }) => {
    if (line.includes('retention')) return { status: 404, body: xmlError('NoSuchObjectLockConfiguration') }
    if (line.includes('legal-hold')) return { status: 200, body: '<LegalHold><Status>ON</Status></LegalHold>' }
    const tag = '<Tag><Key>a&amp;b</Key><Value/></Tag><Tag><Value>ü</Value><Key>c</Key></Tag>'
    return { status: 200, body: `<Tagging><TagSet>${tag}</TagSet></Tagging>` }
  })
  await store.putTags(ref, { 'a<b': 'ü & "x"' })
  await store.putTags(ref, {})
  expect({ ...(await store.getTags({ ...ref, versionId: 'v' })) }).toEqual({ 'a&b': '', c: 'ü' })
  expect(await store.getLock(ref)).toEqual({ mode: null, retainUntil: null, legalHold: true })
  expect(seen.slice(0, 3).map(({ line }) => line)).toEqual([
    'PUT /b/k?tagging=',
    'PUT /b/k?tagging=',
    'GET /b/k?tagging=&versionId=v',
  ])
  expect(Buffer.from(seen[0]!.body, 'latin1').toString()).toContain(
    '<Tag><Key>a&lt;b</Key><Value>ü &amp; &quot;x&quot;</Value></Tag>',
  )
})

test('a version delete is final, forgiving of what is gone, and never without an id', async () => {
  const { store, seen } = await site(({ line }) => {
    if (line.includes('locked')) {
      const lock = '<R><Mode>COMPLIANCE</Mode><RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></R>'
      return line.startsWith('GET') ? { status: 200, body: lock } : { status: 403, body: xmlError('AccessDenied') }
    }
    return { status: 404, body: xmlError('NoSuchVersion') }
  })
  await store.deleteVersion({ ...ref, versionId: 'v' }, null)
  expect(await faultOf(store.deleteVersion({ ...ref, versionId: '' }, null))).toBe('INTERNAL')
  expect(await faultOf(store.deleteVersion({ bucket: 'b', key: 'locked', versionId: 'v' }, null))).toBe('OBJECT_LOCKED')
  expect(seen[0]?.line).toBe('DELETE /b/k?versionId=v')
  expect(seen.some(({ line }) => line === 'DELETE /b/k')).toBe(false)
})

test('a key that is no Unicode, and metadata that HTTP cannot carry, never reach the wire', async () => {
  const { store, seen } = await site(() => ({ status: 200 }))
  const body = { sizeBytes: 0, body: Buffer.alloc(0) }
  expect(await faultOf(store.put({ ...plain, key: 'lone \ud800' }, body))).toBe('KEY_NOT_ALLOWED')
  expect(await faultOf(store.put({ ...plain, metadata: { a: 'x\r\nx-amz-acl: public-read' } }, body))).toBe(
    'REQUEST_REFUSED',
  )
  expect(seen).toEqual([])
})
