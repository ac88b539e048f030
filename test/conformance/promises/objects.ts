import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { refusal, statusOf, type SitePromise, type World } from '../site-promise.ts'

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

async function bytesOf({ s3 }: World, at: { Bucket: string; Key: string; Range?: string }): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand(at))
  return Buffer.from(await Body!.transformToByteArray())
}

export const objectPromises: readonly SitePromise[] = [
  {
    name: 'an object comes back with its bytes, headers, metadata and tags',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'docs/a.txt' }
      const described = {
        ContentType: 'text/plain; charset=utf-8',
        CacheControl: 'max-age=5',
        ContentDisposition: 'attachment; filename="a.txt"',
        ContentEncoding: 'gzip',
        ContentLanguage: 'de',
        Metadata: { 'a-b': '1', empty: '', mixed: 'Val ue' },
      }
      const Body = randomBytes(70_000)
      await world.s3.send(new PutObjectCommand({ ...at, ...described, Body, Tagging: 'a=1&b=2%20x' }))
      const head = await world.s3.send(new HeadObjectCommand(at))
      expect(head).toMatchObject({ ...described, ContentLength: Body.length, ETag: `"${md5(Body)}"`, TagCount: 2 })
      expect((await bytesOf(world, at)).equals(Body)).toBe(true)
      const { TagSet } = await world.s3.send(new GetObjectTaggingCommand(at))
      expect(TagSet).toEqual([
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2 x' },
      ])
    },
  },
  {
    name: 'an empty object is an object',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'empty' }
      await world.s3.send(new PutObjectCommand({ ...at, Body: '', ContentLength: 0 }))
      const head = await world.s3.send(new HeadObjectCommand(at))
      expect(head).toMatchObject({ ContentLength: 0, ETag: '"d41d8cd98f00b204e9800998ecf8427e"' })
    },
  },
  {
    name: 'a missing key or bucket is refused as missing',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      expect([
        await refusal(s3.send(new GetObjectCommand({ Bucket, Key: 'none' }))),
        await refusal(s3.send(new HeadObjectCommand({ Bucket, Key: 'none' }))),
        await refusal(s3.send(new GetObjectCommand({ Bucket: `${Bucket}-none`, Key: 'none' }))),
      ]).toEqual(['404 NoSuchKey', '404 NotFound', '404 NoSuchBucket'])
    },
  },
  {
    name: 'a range gives exactly its bytes, and one outside is refused',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'range' }
      const Body = randomBytes(100_000)
      await world.s3.send(new PutObjectCommand({ ...at, Body }))
      const range = (Range: string): Promise<Buffer> => bytesOf(world, { ...at, Range })
      expect(await range('bytes=10-19')).toEqual(Body.subarray(10, 20))
      expect(await range('bytes=-5')).toEqual(Body.subarray(-5))
      expect(await range('bytes=99990-')).toEqual(Body.subarray(99_990))
      expect(await range('bytes=99990-200000')).toEqual(Body.subarray(99_990))
      expect(await refusal(range('bytes=100000-'))).toBe('416 InvalidRange')
    },
  },
  {
    name: 'conditions of a read are judged by ETag and date',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'conditions' }
      const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      const status = (condition: object): Promise<number> =>
        statusOf(s3.send(new HeadObjectCommand({ ...at, ...condition })))
      const past = new Date(Date.now() - 3_600_000)
      const future = new Date(Date.now() + 3_600_000)
      expect([
        await status({ IfMatch: ETag }),
        await status({ IfMatch: '"0"' }),
        await status({ IfNoneMatch: ETag }),
        await status({ IfNoneMatch: '"0"' }),
        await status({ IfModifiedSince: past }),
        await status({ IfUnmodifiedSince: past }),
        await status({ IfUnmodifiedSince: future }),
      ]).toEqual([200, 412, 304, 200, 200, 412, 200])
    },
  },
  {
    name: 'a body that does not match its Content-MD5 is refused and not stored',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'md5' }
      const ContentMD5 = createHash('md5').update('other').digest('base64')
      expect(await refusal(s3.send(new PutObjectCommand({ ...at, Body: 'body', ContentMD5 })))).toBe('400 BadDigest')
      expect(await refusal(s3.send(new HeadObjectCommand(at)))).toBe('404 NotFound')
    },
  },
  {
    name: 'a body that does not match its checksum is refused',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'checksum' }
      const ChecksumSHA256 = createHash('sha256').update('other').digest('base64')
      expect((await refusal(s3.send(new PutObjectCommand({ ...at, Body: 'body', ChecksumSHA256 })))).slice(0, 3)).toBe(
        '400',
      )
    },
  },
  {
    name: 'a stream with a trailing checksum is taken, as the SDK sends it by default',
    check: async ({ site, s3, bucket }) => {
      const { accessKeyId, secretAccessKey, endpoint, region } = site
      const credentials = { accessKeyId, secretAccessKey }
      const defaults = new S3Client({ endpoint, region, credentials, forcePathStyle: true, maxAttempts: 1 })
      const at = { Bucket: await bucket(), Key: 'trailer' }
      const body = randomBytes(150_000)
      const Body = Readable.from([body.subarray(0, 1000), body.subarray(1000)])
      await defaults.send(new PutObjectCommand({ ...at, Body, ContentLength: body.length }))
      defaults.destroy()
      const head = await s3.send(new HeadObjectCommand(at))
      expect(head).toMatchObject({ ContentLength: body.length, ETag: `"${md5(body)}"` })
      expect(head.ContentEncoding).toBeUndefined()
    },
  },
  {
    name: 'If-None-Match: * makes an object once, however many try',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket({ versioning: 'none' }), Key: 'once' }
      const tries = await Promise.allSettled(
        Array.from({ length: 8 }, (_, index) =>
          s3.send(new PutObjectCommand({ ...at, Body: `${index}`, IfNoneMatch: '*' })),
        ),
      )
      expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    },
  },
  {
    name: 'conditions of a write hold in versioned buckets too',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'write' }
      const put = (more: object): Promise<unknown> => s3.send(new PutObjectCommand({ ...at, Body: 'x', ...more }))
      const { ETag } = await s3.send(new PutObjectCommand({ ...at, Body: 'first' }))
      expect(await refusal(put({ IfNoneMatch: '*' }))).toBe('412 PreconditionFailed')
      expect(await refusal(put({ IfMatch: '"0"' }))).toBe('412 PreconditionFailed')
      await put({ IfMatch: ETag })
    },
  },
  {
    name: 'eleven tags are refused, ten are kept, and deleting is putting none',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'tags' }
      await s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      const tags = (count: number): { Key: string; Value: string }[] =>
        Array.from({ length: count }, (_, index) => ({ Key: `k${index}`, Value: 'v' }))
      const put = (count: number): Promise<unknown> =>
        s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: tags(count) } }))
      const count = async (): Promise<number> => (await s3.send(new GetObjectTaggingCommand(at))).TagSet?.length ?? 0
      await put(10)
      expect(await refusal(put(11))).toMatch(/^400 /)
      expect(await count()).toBe(10)
      await put(0)
      expect(await count()).toBe(0)
    },
  },
  {
    name: 'tags may be written in any language',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'tags' }
      await s3.send(new PutObjectCommand({ ...at, Body: 'x', Tagging: 'gr%C3%BCn=%E4%B8%AD' }))
      const { TagSet } = await s3.send(new GetObjectTaggingCommand(at))
      expect(TagSet).toEqual([{ Key: 'grün', Value: '中' }])
    },
  },
  {
    name: 'user metadata beyond 2 KiB is refused',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'meta', Body: 'x' }
      await s3.send(new PutObjectCommand({ ...at, Metadata: { a: 'x'.repeat(2000) } }))
      const over = s3.send(new PutObjectCommand({ ...at, Metadata: { a: 'x'.repeat(2100) } }))
      expect(await refusal(over)).toBe('400 MetadataTooLarge')
    },
  },
  {
    name: 'a copy keeps metadata and tags, or replaces the metadata when told',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      const put = {
        Bucket,
        Key: 'ü/source +',
        Body: 'copied',
        Metadata: { a: '1' },
        Tagging: 't=1',
        ContentType: 'x/y',
      }
      await s3.send(new PutObjectCommand(put))
      const CopySource = `${Bucket}/${encodeURIComponent('ü/source +')}`
      await s3.send(new CopyObjectCommand({ Bucket, Key: 'kept', CopySource }))
      const replace = { MetadataDirective: 'REPLACE', Metadata: { b: '2' } } as const
      await s3.send(new CopyObjectCommand({ Bucket, Key: 'replaced', CopySource, ...replace }))
      const kept = await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept' }))
      const replaced = await s3.send(new HeadObjectCommand({ Bucket, Key: 'replaced' }))
      expect(kept).toMatchObject({ Metadata: { a: '1' }, ContentType: 'x/y', TagCount: 1 })
      expect(replaced).toMatchObject({ Metadata: { b: '2' }, ETag: kept.ETag })
    },
  },
  {
    name: 'a copy takes new tags when told',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      await s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: 'copied', Tagging: 't=1' }))
      const Tagging = { TaggingDirective: 'REPLACE', Tagging: 'u=2&v=3' } as const
      await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/source`, ...Tagging }))
      expect((await s3.send(new HeadObjectCommand({ Bucket, Key: 'copy' }))).TagCount).toBe(2)
    },
  },
  {
    name: 'a copy onto itself must change something',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket({ versioning: 'none' }), Key: 'self' }
      await s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      const copy = { ...at, CopySource: `${at.Bucket}/self` }
      expect(await refusal(s3.send(new CopyObjectCommand(copy)))).toBe('400 InvalidRequest')
      await s3.send(new CopyObjectCommand({ ...copy, MetadataDirective: 'REPLACE', Metadata: { z: '1' } }))
      expect((await s3.send(new HeadObjectCommand(at))).Metadata).toEqual({ z: '1' })
    },
  },
  {
    name: 'a reader with another clock, key or secret is told which',
    check: async ({ site, bucket }) => {
      const at = { Bucket: await bucket(), Key: 'x' }
      const as = (change: object): Promise<string> => {
        const client = new S3Client({
          endpoint: site.endpoint,
          region: site.region,
          forcePathStyle: true,
          credentials: { accessKeyId: site.accessKeyId, secretAccessKey: site.secretAccessKey },
          maxAttempts: 1,
          ...change,
        })
        return refusal(client.send(new GetObjectCommand(at))).finally(() => client.destroy())
      }
      const { accessKeyId, secretAccessKey } = site
      expect([
        await as({ credentials: { accessKeyId, secretAccessKey: 'wrong' } }),
        await as({ credentials: { accessKeyId: 'STRANGER', secretAccessKey } }),
        await as({ systemClockOffset: 3_600_000 }),
      ]).toEqual(['403 SignatureDoesNotMatch', '403 InvalidAccessKeyId', '403 RequestTimeTooSkewed'])
    },
  },
  {
    name: 'deleting what is not there is no fault',
    check: async ({ s3, bucket }) => {
      const at = { Bucket: await bucket({ versioning: 'none' }), Key: 'never' }
      expect((await s3.send(new DeleteObjectCommand(at))).$metadata.httpStatusCode).toBe(204)
    },
  },
]
