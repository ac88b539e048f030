import {
  DeleteObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectTaggingCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { beforeEach, describe, expect, test } from 'vitest'
import type { SiteAccess } from '../support/s3-site.ts'
import { makeBucket } from '../support/buckets.ts'
import { s3Client } from '../support/s3-site.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { planWorkload } from '../support/workload-plan.ts'
import { runWorkload } from '../support/workload.ts'
import { compareBuckets, findDoubled, type CompareOptions } from './compare-buckets.ts'
import { parsePage } from './list-versions.ts'

interface Side {
  readonly site: SiteAccess
  readonly client: S3Client
  put(more?: Partial<PutObjectCommandInput>): Promise<string>
}

let left: Side
let right: Side

async function startSide(): Promise<Side> {
  const site = await sandboxForTest()
  const client = s3Client(site)
  await makeBucket(client, 'box', { lock: true })
  const put = async (more: Partial<PutObjectCommandInput> = {}): Promise<string> => {
    const object = { Bucket: 'box', Key: 'k', Body: 'abc', ...more }
    return (await client.send(new PutObjectCommand(object))).VersionId ?? 'null'
  }
  return { site, client, put }
}

async function fieldsThatDiffer(options: CompareOptions = {}): Promise<readonly string[]> {
  const sides = [left, right].map(({ site }) => ({ site, bucket: 'box' }))
  const { differences } = await compareBuckets(sides[0]!, sides[1]!, options)
  return differences.map((difference) => difference.field)
}

describe('the comparer', () => {
  beforeEach(async () => {
    ;[left, right] = await Promise.all([startSide(), startSide()])
  })

  test('finds nothing where both sides were written alike, whatever the keys, versions and metadata', async () => {
    const plan = planWorkload({ seed: 4, keys: 40, versionDeletes: true, maxPutBytes: 20_000 })
    for (const { client } of [left, right]) await runWorkload({ client, bucket: 'box' }, plan)
    expect(await fieldsThatDiffer()).toEqual([])
  })

  const planted: readonly (readonly [what: string, fields: readonly string[], plant: () => Promise<unknown>])[] = [
    ['a key that is missing', ['key'], () => left.put()],
    ['a key too many', ['key'], () => right.put()],
    [
      'a version copied twice',
      ['versions'],
      async () => {
        await left.put()
        await right.put()
        await right.put()
      },
    ],
    [
      'a delete marker that is missing',
      ['versions'],
      async () => {
        await both(() => ({}))
        await left.client.send(new DeleteObjectCommand({ Bucket: 'box', Key: 'k' }))
      },
    ],
    [
      'versions in another order',
      ['sha256', 'etag', 'sha256', 'etag'],
      async () => {
        for (const Body of ['one', 'two']) await left.put({ Body })
        for (const Body of ['two', 'one']) await right.put({ Body })
      },
    ],
    [
      'other bytes of the same size',
      ['sha256', 'etag'],
      () => both((side) => ({ Body: side === left ? 'abc' : 'abd' })),
    ],
    ['another size', ['sizeBytes', 'sha256', 'etag'], () => both((side) => ({ Body: side === left ? 'abc' : 'abcd' }))],
    ['a standard header', ['headers'], () => both((side) => (side === left ? { CacheControl: 'no-cache' } : {}))],
    [
      'a content type',
      ['headers'],
      () => both((side) => ({ ContentType: side === left ? 'text/plain' : 'text/html' })),
    ],
    ['user metadata', ['metadata'], () => both((side) => ({ Metadata: { owner: side === left ? 'a' : 'b' } }))],
    [
      'tags',
      ['tags'],
      async () => {
        await both(() => ({ Tagging: 'a=1' }))
        const Tagging = { TagSet: [{ Key: 'a', Value: '2' }] }
        await right.client.send(new PutObjectTaggingCommand({ Bucket: 'box', Key: 'k', Tagging }))
      },
    ],
    [
      'a legal hold',
      ['lock'],
      async () => {
        await both(() => ({}))
        const hold = { Bucket: 'box', Key: 'k', LegalHold: { Status: 'ON' as const } }
        await left.client.send(new PutObjectLegalHoldCommand(hold))
      },
    ],
    [
      'a retention',
      ['lock'],
      () =>
        both((side) => ({
          ObjectLockMode: 'GOVERNANCE',
          ObjectLockRetainUntilDate: new Date(Date.UTC(side === left ? 2040 : 2041, 0)),
        })),
    ],
  ]

  test.each(planted)('finds %s', async (_, fields, plant) => {
    await plant()
    expect(await fieldsThatDiffer()).toEqual(fields)
  })

  test('compares version ids only where they are promised to be the same', async () => {
    await both(() => ({}))
    expect([await fieldsThatDiffer(), await fieldsThatDiffer({ sameIds: true })]).toEqual([[], ['versionId']])
  })

  test('leaves the stamp of a replica out, and finds two replicas of one version', async () => {
    await both((side) => (side === right ? { Metadata: { 'lockstep-version': 'v1' } } : {}))
    await both((side) => (side === right ? { Metadata: { 'lockstep-version': 'v1' } } : {}))
    const doubled = await findDoubled({ site: right.site, bucket: 'box' })
    expect([await fieldsThatDiffer(), doubled.map(({ field, source }) => ({ field, source }))]).toEqual([
      ['doubled'],
      [{ field: 'doubled', source: 'v1' }],
    ])
  })
})

async function both(content: (side: Side) => Partial<PutObjectCommandInput>): Promise<void> {
  for (const side of [left, right]) await side.put(content(side))
}

test.each([
  ['Ceph', 'plus+plus'],
  ['others', 'plus%2Bplus'],
])('a page that ends within a key goes on with that key, as %s write it', (_who, next) => {
  const page = `<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
    <NextKeyMarker>${next}</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker>
    <Version><Key>plus%2Bplus</Key><VersionId>1</VersionId></Version></ListVersionsResult>`
  expect(parsePage(page).next).toEqual({ 'key-marker': 'plus+plus', 'version-id-marker': '1' })
})
