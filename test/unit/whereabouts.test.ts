import { describe, expect, test } from 'vitest'
import { FaultError } from '../../shared/model/fault.ts'
import { siteSchema } from '../../shared/model/site.ts'
import { openSiteWire } from '../../electron/engine/store/site-wire.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { BucketEndpoints, type RedirectHint } from '../../electron/engine/store/bucket-endpoints.ts'
import { scriptedSite, type ScriptedAnswer } from '../support/scripted-site.ts'

const keys = { accessKeyId: 'AK', secretAccessKey: 'SK' }
const siteAt = (endpoint: string, region = 'us-east-1') => siteSchema.parse({ id: 's', name: 'S', endpoint, region })
const error = (code: string, more: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>The authorization header is malformed</Message>${more}</Error>`
const malformed: ScriptedAnswer = {
  status: 400,
  body: error('AuthorizationHeaderMalformed', '<Region>eu-test-1</Region>'),
}
const list = '<ListVersionsResult><Name>b</Name><IsTruncated>false</IsTruncated></ListVersionsResult>'
const regionOf = (authorization: string | undefined): string => authorization?.split('/')[2] ?? ''

/** Takes signatures for eu-test-1 only. */
const picky = (answer: ScriptedAnswer, named: ScriptedAnswer = malformed) =>
  scriptedSite(({ headers }) => (regionOf(headers.authorization) === 'eu-test-1' ? answer : named))

describe('a site that expects another region', () => {
  test('is asked once more as it says, and from then on at once', async () => {
    const { endpoint, asked } = await picky({ body: list })
    const regions: string[] = []
    const store = createStore({
      site: siteAt(endpoint),
      keys,
      sockets: 1,
      onRegion: (region) => regions.push(region),
    })
    const ask = () => store.listVersions({ bucket: 'b', prefix: '' })
    await ask()
    await ask()
    expect([asked.length, regions]).toEqual([3, ['eu-test-1']])
    store.close()
  })

  test('is learned once for all that is asked side by side, a HEAD among them', async () => {
    const { endpoint } = await picky({ headers: { etag: '"e"' }, body: list })
    const store = createStore({ site: siteAt(endpoint), keys, sockets: 8 })
    const lists = Array.from({ length: 8 }, () => store.listVersions({ bucket: 'b', prefix: '' }))
    expect(await Promise.all([...lists, store.head({ bucket: 'b', key: 'k' })])).toHaveLength(9)
    expect(await store.head({ bucket: 'other', key: 'k' })).toMatchObject({ etag: 'e' })
    store.close()
  })

  test('is found by what is asked of buckets, and by the gateway’s connection too', async () => {
    const { endpoint } = await picky({ body: '<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>' })
    const store = createStore({ site: siteAt(endpoint), keys, sockets: 1 })
    expect(await store.listBuckets()).toEqual([])
    store.close()
    const wire = openSiteWire({ site: siteAt(endpoint), keys, sockets: 1, now: Date.now })
    const call = { operation: 'GetObject', method: 'GET', bucket: 'b', key: 'k', query: '', headers: [], unsigned: [] }
    const plain = { body: null, sizeBytes: null, expectContinue: false, stream: false }
    expect((await wire.send({ ...call, ...plain })).status).toBe(200)
    wire.close()
  })

  test('is believed anew when it is put right: the region that it is set to is used again', async () => {
    let expected = 'eu-test-1'
    let nowMs = Date.now()
    const { endpoint } = await scriptedSite(({ headers }) =>
      regionOf(headers.authorization) === expected
        ? { body: list }
        : { status: 400, body: error('AuthorizationHeaderMalformed', `<Region>${expected}</Region>`) },
    )
    const regions: string[] = []
    const store = createStore({
      site: siteAt(endpoint),
      keys,
      sockets: 1,
      now: () => nowMs,
      onRegion: (region) => regions.push(region),
    })
    for (const next of ['eu-test-1', 'us-east-1', 'eu-test-1']) {
      expected = next
      nowMs += 60_000
      expect(await store.listVersions({ bucket: 'b', prefix: '' })).toMatchObject({ entries: [] })
    }
    expect(regions).toEqual(['eu-test-1', 'us-east-1', 'eu-test-1'])
    store.close()
  })

  test('that names no other than was tried is refused with the region, and is not asked in a circle', async () => {
    const { endpoint, asked } = await scriptedSite(() => malformed)
    const store = createStore({ site: siteAt(endpoint, 'eu-test-1'), keys, sockets: 1 })
    const refused = await store.listBuckets().then(null, (thrown: unknown) => thrown)
    expect((refused as FaultError).fault).toMatchObject({ code: 'REGION_WRONG' })
    expect(asked).toHaveLength(1)
    store.close()
  })
})

test('keys never follow a redirect to another host: the fault names it, with the region', async () => {
  const other = await scriptedSite(() => ({ body: list }))
  const foreign = new URL(other.endpoint).host
  const { endpoint } = await scriptedSite(() => ({
    status: 301,
    headers: { 'x-amz-bucket-region': 'eu-west-1' },
    body: error('PermanentRedirect', `<Endpoint>${foreign}</Endpoint>`),
  }))
  const store = createStore({ site: siteAt(endpoint), keys, sockets: 1 })
  for (const asked of [() => store.listVersions({ bucket: 'b', prefix: '' }), () => store.bucket('b')]) {
    const refused = await asked().then(null, (thrown: unknown) => thrown)
    expect(refused).toBeInstanceOf(FaultError)
    expect((refused as FaultError).fault).toMatchObject({
      code: 'BUCKET_ELSEWHERE',
      region: 'eu-west-1',
      message: expect.stringContaining('region eu-west-1'),
    })
  }
  expect(other.asked).toEqual([])
  store.close()
})

test('a refusal without a word does not promise the site’s own words', async () => {
  const { endpoint } = await scriptedSite(() => ({ status: 418 }))
  const store = createStore({ site: siteAt(endpoint), keys, sockets: 1 })
  const refused = await store.listVersions({ bucket: 'b', prefix: '' }).then(null, (thrown: unknown) => thrown)
  expect((refused as FaultError).fault.remedy).toMatch(/^The site gave no reason/)
  store.close()
})

describe('where a word of the site is followed', () => {
  const hint = (more: Partial<RedirectHint>): RedirectHint => ({
    status: 301,
    code: 'PermanentRedirect',
    headers: {},
    region: null,
    endpoint: null,
    ...more,
  })
  const from = (endpoint: string) => new BucketEndpoints(siteAt(endpoint), keys, Date.now)

  test('between the endpoints of AWS, to the one of the region and no other', () => {
    const aws = from('https://s3.us-east-1.amazonaws.com')
    const said = hint({ endpoint: 'evil.example', headers: { 'x-amz-bucket-region': 'eu-west-1' } })
    expect(aws.follow('b', said, aws.at('b'))).toBe(true)
    expect([aws.at('b').endpoint, aws.at('b').region, aws.at('c').region]).toEqual([
      'https://s3.eu-west-1.amazonaws.com',
      'eu-west-1',
      'us-east-1',
    ])
    expect(aws.follow('b', said, aws.at('b'))).toBe(false)
  })

  test.each([
    ['http://s3.us-east-1.amazonaws.com', { endpoint: 's3.eu-west-1.amazonaws.com', region: 'eu-west-1' }],
    ['https://s3.us-east-1.amazonaws.com.evil.example', { endpoint: 's3.amazonaws.com', region: 'eu-west-1' }],
    ['https://s3.example.org', { endpoint: 'b.s3.evil.example', region: 'eu-west-1' }],
    ['https://s3.example.org', { endpoint: 's3.example.org:9443', region: 'eu-west-1' }],
    ['https://s3.example.org', { status: 307, headers: { location: 'https://evil.example/b' } }],
    ['https://s3.example.org', { endpoint: 'https://x@evil/', region: 'not a region' }],
    ['https://s3.example.org', { status: 403, region: 'eu-west-1' }],
  ] as const)('%s is not left for %o', (endpoint, more) => {
    const site = from(endpoint)
    expect(site.follow('b', hint(more), site.at('b'))).toBe(false)
    expect(site.at('b').endpoint).toBe(endpoint)
  })
})
