import {
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { refusal, type SitePromise } from '../site-promise.ts'

const fill = (s3: S3Client, Bucket: string, keys: readonly string[]): Promise<unknown> =>
  Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }))))

const byBytes = (keys: readonly string[]): readonly string[] =>
  keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))

export const listingPromises: readonly SitePromise[] = [
  {
    name: 'keys are listed once each, in the order of their UTF-8 bytes, over pages of any size',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      const keys = ['a', 'a-b', 'a.b', 'a0', 'B', 'b/', 'c/d', 'c/e/f', 'ÿ', '\uff5e', '\u{1f680}', 'z z', 'z+z', 'é']
      await fill(s3, Bucket, keys)
      for (const MaxKeys of [1, 5, 1000]) {
        const listed: string[] = []
        let ContinuationToken: string | undefined
        do {
          const page = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys, ContinuationToken }))
          listed.push(...(page.Contents ?? []).map(({ Key }) => Key!))
          ContinuationToken = page.NextContinuationToken
        } while (ContinuationToken !== undefined)
        expect(listed).toEqual(byBytes(keys))
      }
    },
  },
  {
    name: 'an object may have the name of a folder with others in it',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      const keys = ['a', 'a/', 'a/b', 'a/b/c']
      await fill(s3, Bucket, keys)
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }))
      expect(Contents.map(({ Key }) => Key)).toEqual(keys)
    },
  },
  {
    name: 'a delimiter folds keys into common prefixes, each listed once over all pages',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      await fill(s3, Bucket, ['a', 'p/1', 'p/2', 'p/3', 'q', 'r/1', 'r/2/3', 's'])
      const listed: (string | undefined)[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 2, ContinuationToken }))
        const entries = [
          ...(page.Contents ?? []).map(({ Key }) => Key),
          ...(page.CommonPrefixes ?? []).map((p) => p.Prefix),
        ]
        listed.push(...byBytes(entries.map(String)))
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      expect(listed).toEqual(['a', 'p/', 'q', 'r/', 's'])
    },
  },
  {
    name: 'a prefix, a start and a marker limit what is listed',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      await fill(s3, Bucket, ['a', 'p/1', 'p/2', 'p/3', 'q'])
      const v2 = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'p/', StartAfter: 'p/1' }))
      const v1 = await s3.send(new ListObjectsCommand({ Bucket, Marker: 'p/2' }))
      expect(v2.Contents?.map(({ Key }) => Key)).toEqual(['p/2', 'p/3'])
      expect(v1.Contents?.map(({ Key }) => Key)).toEqual(['p/3', 'q'])
    },
  },
  {
    name: 'versions behind a key marker begin with the next key',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      await fill(s3, Bucket, ['a', 'b', 'c'])
      const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket, KeyMarker: 'a' }))
      expect(Versions?.map(({ Key }) => Key)).toEqual(['b', 'c'])
    },
  },
  {
    name: 'a listing by URL encoding can be decoded to the very keys',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      const keys = ['a/ü b+c%20', 'line\nbreak', 'x&<y>"']
      await fill(s3, Bucket, keys)
      const { Versions } = await s3.send(new ListObjectVersionsCommand({ Bucket, EncodingType: 'url' }))
      expect(Versions?.map(({ Key }) => decodeURIComponent(Key!.replaceAll('+', ' ')))).toEqual(byBytes(keys))
    },
  },
  {
    name: 'an unknown bucket cannot be listed',
    check: async ({ s3, bucket }) => {
      const Bucket = `${await bucket()}-none`
      expect(await refusal(s3.send(new ListObjectVersionsCommand({ Bucket })))).toBe('404 NoSuchBucket')
    },
  },
]
