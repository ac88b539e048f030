import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { customerKey, under, uploadUnder } from '../../support/customer-key.ts'
import { statusOf, type SitePromise, type World } from '../site-promise.ts'

const key = customerKey('the right one')
const other = customerKey('another one')

type At = { readonly Bucket: string; readonly Key: string }

const looksAt = ({ s3 }: World, at: At) => ({
  head: (more: object = {}) => statusOf(s3.send(new HeadObjectCommand({ ...at, ...more }))),
  get: (more: object = {}) => statusOf(s3.send(new GetObjectCommand({ ...at, ...more }))),
})

/** Keys that clients hand over with each request (SSE-C). Sites want TLS for them, unless they are told otherwise. */
export const customerKeyPromises: readonly SitePromise[] = [
  {
    name: 'what is under a client’s key opens with that key alone: 400 without one, 403 with another',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'sealed' }
      const put = await world.s3.send(new PutObjectCommand({ ...at, Body: 'words', ...under(key) }))
      expect(put).toMatchObject({ SSECustomerAlgorithm: 'AES256', SSECustomerKeyMD5: under(key).SSECustomerKeyMD5 })
      const { head, get } = looksAt(world, at)
      for (const look of [head, get]) {
        expect(await look()).toBe(400)
        expect(await look(under(other))).toBe(403)
        expect(await look(under(key))).toBe(200)
      }
      const got = await world.s3.send(new GetObjectCommand({ ...at, ...under(key) }))
      expect(await got.Body!.transformToString()).toBe('words')
      expect(got.SSECustomerKeyMD5).toBe(under(key).SSECustomerKeyMD5)
    },
  },
  {
    name: 'an upload in parts under a client’s key takes no part without it',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'parts' }
      const { UploadId } = await world.s3.send(new CreateMultipartUploadCommand({ ...at, ...under(key) }))
      const part = (more: object = {}) =>
        statusOf(world.s3.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'x', ...more })))
      expect(await part()).toBe(400)
      expect(await part(under(key))).toBe(200)
      await uploadUnder(world.s3, at, key, [Buffer.alloc(5 << 20, 1), Buffer.from('end')])
      const { head } = looksAt(world, at)
      expect([await head(), await head(under(key))]).toEqual([400, 200])
    },
  },
  {
    name: 'a key for what is under none is refused',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'open' }
      await world.s3.send(new PutObjectCommand({ ...at, Body: 'x' }))
      expect(await looksAt(world, at).head(under(key))).toBe(400)
    },
  },
  {
    name: 'what is under a client’s key is copied with that key alone',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'original' }
      await world.s3.send(new PutObjectCommand({ ...at, Body: 'words', ...under(key) }))
      const copy = (more: object = {}) =>
        statusOf(
          world.s3.send(
            new CopyObjectCommand({
              ...at,
              Key: 'copy',
              CopySource: `${at.Bucket}/original`,
              ...under(other),
              ...more,
            }),
          ),
        )
      const { SSECustomerAlgorithm, SSECustomerKey, SSECustomerKeyMD5 } = under(key)
      const opened = {
        CopySourceSSECustomerAlgorithm: SSECustomerAlgorithm,
        CopySourceSSECustomerKey: SSECustomerKey,
        CopySourceSSECustomerKeyMD5: SSECustomerKeyMD5,
      }
      expect([400, 403]).toContain(await copy())
      expect(await copy(opened)).toBe(200)
      const { head } = looksAt(world, { ...at, Key: 'copy' })
      expect([await head(under(key)), await head(under(other))]).toEqual([403, 200])
    },
  },
]
