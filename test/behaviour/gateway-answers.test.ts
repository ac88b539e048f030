import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startEngine } from '../../electron/engine/engine.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { configSchema } from '../../shared/model/config.ts'
import { clientKey, gatewayConfig, gatewayUrl, newKey } from '../support/gateway.ts'
import { wholeAnswer, type RawRequest } from '../support/gateway-raw.ts'
import { scriptedSite, type ScriptedAnswer, type ScriptedSite } from '../support/scripted-site.ts'
import { makeTempDir } from '../support/temp.ts'

// A site speaks to Lockstep: of its own address, account and names. Its clients hear what concerns their request.

const siteKey = 'SITE.KEY.OF.LOCKSTEP'
/** What no answer to a client may hold. */
const secrets = ['private', 'site.internal', 'the-account', siteKey, 'arn:', 'set-cookie', 'the-host']

type Key = { readonly accessKeyId: string; readonly secretAccessKey: string }
interface Fronted {
  readonly site: ScriptedSite
  readonly ask: (request: Partial<RawRequest>, key?: Key) => Promise<string>
  readonly limited: Key
}

async function gatewayBefore(answer: (target: string) => ScriptedAnswer): Promise<Fronted> {
  const temp = await makeTempDir('gateway-answers')
  const site = await scriptedSite(({ url = '' }) => answer(url))
  const credentials = { accessKeyId: siteKey, secretAccessKey: 'the secret of the site' }
  const engine = await startEngine({
    dataDir: join(temp.path, 'data'),
    credentials: memoryCredentials(),
    config: configSchema.parse({
      version: 1,
      sites: [{ id: 'a', name: 'Site A', endpoint: site.endpoint, credentials }],
      gateway: gatewayConfig,
    }),
    environment: {},
    log: () => {},
    demo: null,
    version: 'test',
  })
  onTestFinished(async () => {
    await engine.stop()
    await temp.remove()
  })
  const limited = await newKey(engine.api, { buckets: ['data'], rights: ['read'] })
  const url = gatewayUrl(engine.api)
  const empty = { body: Buffer.alloc(0), contentLength: 0 }
  return {
    site,
    limited,
    ask: (request, { accessKeyId, secretAccessKey } = clientKey) =>
      wholeAnswer({ url, method: 'GET', key: 'k', ...empty, ...request, accessKeyId, secretAccessKey }),
  }
}

const leaks = (answer: string): readonly string[] =>
  secrets.filter((secret) => answer.toLowerCase().includes(secret.toLowerCase()))
const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4)

const bucket = (name: string): string =>
  `<Bucket><Name>${name}</Name><CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket>`
const buckets = (...names: readonly string[]): string =>
  `<?xml version="1.0"?><ListAllMyBucketsResult><Owner><ID>the-account</ID></Owner><Buckets>${names.map(bucket).join('')}</Buckets></ListAllMyBucketsResult>`

test.each<[string, ScriptedAnswer]>([
  [
    'as JSON',
    { headers: { 'content-type': 'application/json' }, body: '{"Buckets":[{"Name":"private"}],"Owner":"the-account"}' },
  ],
  [
    'with another prefix',
    { body: buckets('data', 'private').replaceAll('<', '<s3:').replaceAll('<s3:/', '</s3:').replace('<s3:?', '<?') },
  ],
  ['with attributes', { body: buckets('data', 'private').replaceAll('<Bucket>', '<Bucket kind="x">') }],
  [
    'with a bucket in a bucket',
    { body: buckets('data', `data</Name><Bucket><Name>private</Name></Bucket><Name>data`) },
  ],
  ['with a comment', { body: buckets('data', 'private').replaceAll('<Bucket>', '<Bucket><!-- </Bucket> -->') }],
  ['with the use of the account', { body: `<Usage><User>the-account</User>${bucket('private')}</Usage>` }],
  [
    'with an error in its place',
    { status: 403, body: '<Error><Code>AccessDenied</Code><BucketName>private</BucketName></Error>' },
  ],
])(
  'a list of buckets shows a key its own and nothing of the account, even where the site answers %s',
  async (_, answer) => {
    const { ask, limited } = await gatewayBefore(() => answer)
    const heard = await ask({ path: '/', headers: [['accept', 'application/json']] }, limited)
    expect(leaks(heard)).toEqual([])
  },
)

test('a list of buckets is the gateway’s own, in pages, and asks the site nothing but the list', async () => {
  const { ask, site, limited } = await gatewayBefore(() => ({ body: buckets('c', 'data', 'a', 'ab') }))
  const list = async (query: string, key?: Key): Promise<readonly [string[], string | undefined]> => {
    const answer = await ask({ path: '/', query }, key)
    const names = [...answer.matchAll(/<Name>(.*?)<\/Name>/g)].map((found) => found[1]!)
    return [names, /<ContinuationToken>(.*?)<\/ContinuationToken>/.exec(answer)?.[1]]
  }
  const [first, token] = await list('max-buckets=2')
  expect({
    all: await list(''),
    pages: [first, await list(`continuation-token=${token}&max-buckets=2`)],
    prefix: await list('prefix=a'),
    limited: await list('', limited),
    wrong: [
      await ask({ path: '/', query: 'max-buckets=0' }),
      await ask({ path: '/', query: 'continuation-token=%21' }),
    ].map((answer) => answer.slice(9, 12)),
    // The engine asks by itself, and says so.
    asked: new Set(site.asked.filter((line) => /^GET \/(?:$|\?)/.test(line) && !line.includes('x-id='))),
  }).toEqual({
    all: [['a', 'ab', 'c', 'data'], undefined],
    pages: [
      ['a', 'ab'],
      [['c', 'data'], undefined],
    ],
    prefix: [['a', 'ab'], undefined],
    limited: [['data'], undefined],
    wrong: ['400', '400'],
    asked: new Set(['GET /']),
  })
})

const error = (code: string, more = ''): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>User arn:aws:iam::the-account:user/x at https://site.internal/</Message>` +
  `<BucketName>private</BucketName><Resource>/private/k</Resource><Endpoint>site.internal</Endpoint>` +
  `<HostId>the-host</HostId><AWSAccessKeyId>${siteKey}</AWSAccessKeyId>${more}</Error>`

test.each<[string, ScriptedAnswer, string]>([
  ['a refusal', { status: 403, body: error('AccessDenied') }, '403 AccessDenied'],
  ['a missing object', { status: 404, body: error('NoSuchKey') }, '404 NoSuchKey'],
  ['a code of its own', { status: 409, body: error('OperationAborted') }, '409 OperationAborted'],
  ['no document', { status: 404, body: '<html>site.internal</html>' }, '404 NoSuchKey'],
  ['a code that is none', { status: 400, body: error('&lt;private&gt;') }, '400 InvalidRequest'],
  ['that our key is wrong', { status: 403, body: error('InvalidAccessKeyId') }, '503 ServiceUnavailable'],
  ['that our signature is wrong', { status: 403, body: error('SignatureDoesNotMatch') }, '503 ServiceUnavailable'],
  [
    'that it is elsewhere',
    { status: 307, headers: { location: 'https://site.internal/' }, body: error('TemporaryRedirect') },
    '503 ServiceUnavailable',
  ],
])('a site that says %s tells a client nothing of itself', async (_, answer, expected) => {
  const marked = {
    ...answer,
    headers: { ...answer.headers, server: 'site.internal', 'x-amz-id-2': 'the-host', 'set-cookie': 'a=the-account' },
  }
  const { ask } = await gatewayBefore(() => marked)
  const heard = await ask({})
  const code = /<Code>(.*?)<\/Code>/.exec(heard)?.[1]
  expect([`${heard.slice(9, 12)} ${code}`, leaks(heard)]).toEqual([expected, []])
})

const completed =
  '<?xml version="1.0"?>\n<CompleteMultipartUploadResult><Location>http://site.internal/private/k</Location><Bucket>private</Bucket>' +
  '<Key>k</Key><ETag>&quot;e-2&quot;</ETag><ChecksumCRC32>abc</ChecksumCRC32></CompleteMultipartUploadResult>'

test.each<[string, ScriptedAnswer]>([
  ['at once', { body: completed }],
  ['piece by piece, behind spaces', { body: [' ', '  \n', completed.slice(0, 60), completed.slice(60)] }],
])('what was completed is where its client asked for it: %s', async (_, answer) => {
  const { ask } = await gatewayBefore(() => answer)
  const heard = await ask({
    method: 'POST',
    query: 'uploadId=u',
    body: Buffer.from('<CompleteMultipartUpload/>'),
    contentLength: 26,
  })
  expect(leaks(heard)).toEqual([])
  expect(heard).toMatch(/<Location>http:\/\/127\.0\.0\.1:\d+\/data\/k<\/Location><Bucket>data<\/Bucket><Key>k<\/Key>/)
  expect(heard).toContain('<ETag>&quot;e-2&quot;</ETag><ChecksumCRC32>abc</ChecksumCRC32>')
})

test.each<[string, ScriptedAnswer]>([
  ['at once', { body: error('InternalError') }],
  ['late', { body: [' ', error('InternalError')] }],
])('an error under a 200 tells nothing of the site either: %s', async (_, answer) => {
  const { ask } = await gatewayBefore(() => answer)
  const heard = await ask({ method: 'PUT', headers: [['x-amz-copy-source', 'data/j']] })
  expect([leaks(heard), bodyOf(heard).includes('<Code>InternalError</Code>')]).toEqual([[], true])
})

test('a bucket that was made is named by its path, and headers of the site’s own stay behind', async () => {
  const headers = {
    location: 'http://site.internal/data',
    'x-rgw-bucket': 'private',
    'x-minio-server': 'the-host',
    via: 'the-host',
  }
  const { ask } = await gatewayBefore(() => ({
    headers: { ...headers, 'x-amz-request-id': 'id', etag: '"e"', 'x-amz-meta-a': 'b' },
  }))
  const made = await ask({ method: 'PUT', key: '' })
  const got = await ask({})
  expect([leaks(made), leaks(got), /location: \/data\r\n/i.test(made)]).toEqual([[], [], true])
  expect(got).toMatch(/x-amz-request-id: id\r\n.*etag: "e"\r\n.*x-amz-meta-a: b\r\n/is)
})

test('a header that cannot be written is left out, and the rest arrives', async () => {
  const raw = 'HTTP/1.1 200 OK\r\ncontent-disposition: a\u0001b\r\netag: "e"\r\ncontent-length: 7\r\n\r\ncontent'
  const { ask } = await gatewayBefore(() => ({ raw }))
  const heard = await ask({})
  expect([bodyOf(heard), heard.includes('etag: "e"'), heard.includes('disposition')]).toEqual(['content', true, false])
})

test.each(['before', 'behind'])(
  'header text beyond ASCII arrives as the site sent it, %s the length',
  async (place) => {
    const text = Buffer.from('attachment; filename=ü💩.pdf').toString('latin1')
    const disposition = `content-disposition: ${text}\r\n`
    const length = 'content-length: 7\r\n'
    const head = place === 'before' ? disposition + length : length + disposition
    const { ask } = await gatewayBefore(() => ({ raw: `HTTP/1.1 200 OK\r\n${head}\r\ncontent` }))
    const heard = await ask({})
    expect([heard.includes(`content-disposition: ${text}\r\n`), bodyOf(heard)]).toEqual([true, 'content'])
  },
)
