import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { awkwardKeys, dotSegmentKeys, pathSafeAwkwardKeys } from '../../support/awkward-keys.ts'
import { refusal, type SitePromise, type World } from '../site-promise.ts'

/** Writes, reads, lists and deletes each key; returns those that did not come back as they went in. */
async function spoiled({ s3, bucket }: World, keys: readonly string[]): Promise<readonly string[]> {
  const Bucket = await bucket({ versioning: 'none' })
  const lost: string[] = []
  for (const Key of keys) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: `of ${Key}` }))
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    if ((await Body!.transformToString('utf-8')) !== `of ${Key}`) lost.push(Key)
  }
  const list = async (): Promise<readonly string[]> => {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, EncodingType: 'url' }))
    return Versions.map(({ Key }) => decodeURIComponent(Key!.replaceAll('+', ' ')))
  }
  const listed = new Set(await list())
  for (const Key of keys) await s3.send(new DeleteObjectCommand({ Bucket, Key }))
  return [...lost, ...keys.filter((key) => !listed.has(key)), ...(await list())]
}

export const keyPromises: readonly SitePromise[] = [
  {
    name: 'keys of any legal shape come back as they went in',
    check: async (world) => {
      const keys = awkwardKeys.filter((key) => !dotSegmentKeys.includes(key))
      expect(await spoiled(world, keys)).toEqual([])
    },
  },
  {
    name: 'keys that could be file paths come back as they went in',
    check: async (world) => expect(await spoiled(world, pathSafeAwkwardKeys)).toEqual([]),
  },
  {
    name: 'a key of 1025 bytes is refused',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      expect(await refusal(s3.send(new PutObjectCommand({ Bucket, Key: 'k'.repeat(1025), Body: 'x' })))).toMatch(
        /^400 /,
      )
    },
  },
]

/** What holds where keys are no paths. */
export const dotSegmentPromises: readonly SitePromise[] = [
  {
    name: 'keys with dots between slashes come back as they went in',
    check: async (world) => expect(await spoiled(world, dotSegmentKeys)).toEqual([]),
  },
]
