import { createHash, randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, it } from 'vitest'
import { makeBucket } from '../support/buckets.ts'
import { eventually } from '../support/eventually.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { startSandbox } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'

const Bucket = 'durable'
const small = (): Buffer => randomBytes(100)
const large = (): Buffer => randomBytes(100_000)
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

async function versions(s3: S3Client): Promise<unknown> {
  const { Versions, DeleteMarkers } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  return { Versions, DeleteMarkers }
}

it('a site that is opened again is as it was, uploads under way included', async () => {
  const dir = await makeTempDir('sandbox-again')
  const first = await startSandbox({ dir: dir.path })
  let s3 = s3Client(first)
  await makeBucket(s3, Bucket, { lock: true })
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: small() }))
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: large() }))
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }))
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'up' }))
  const upload = { Bucket, Key: 'up', UploadId }
  const part = large()
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: part }))
  const before = await versions(s3)
  s3.destroy()
  await first.close()

  const again = await startSandbox({ dir: dir.path })
  s3 = s3Client(again)
  expect(await versions(s3)).toEqual(before)
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] }
  await s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }))
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'up' }))
  expect(md5(await Body!.transformToByteArray())).toBe(md5(part))
  s3.destroy()
  await again.close()
  await dir.remove()
})

it('a killed site keeps every write that it answered, whole, and forgets the bodies of the others', async () => {
  const dir = await makeTempDir('sandbox-kill')
  const answered = new Map<string, string>()
  for (let round = 0; round < 2; round++) {
    const site = await startSandboxProcess(dir.path, 'mints')
    const s3 = s3Client(site)
    if (round === 0) await makeBucket(s3, Bucket)
    let serial = 0
    const write = async (): Promise<void> => {
      for (;;) {
        const Key = `${round}/${serial++}`
        const Body = serial % 4 === 0 ? large() : small()
        const done = await s3.send(new PutObjectCommand({ Bucket, Key, Body })).catch(() => null)
        if (done === null) return
        answered.set(Key, md5(Body))
        if (answered.size === (round + 1) * 150) await site.stop()
      }
    }
    await Promise.all(Array.from({ length: 8 }, write))
    s3.destroy()
  }

  const site = await startSandbox({ dir: dir.path })
  const s3 = s3Client(site)
  for (const [Key, expected] of answered) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    expect(md5(await Body!.transformToByteArray())).toBe(expected)
  }
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  expect(await readdir(join(dir.path, 'bodies'))).toHaveLength(Versions.filter(({ Size }) => Size === 100_000).length)
  s3.destroy()
  await site.close()
  await dir.remove()
})

it('a version that is purged while it is read is read to its end, and its file is gone then', async () => {
  const site = await startSandbox()
  const s3 = s3Client(site)
  await makeBucket(s3, Bucket)
  const body = randomBytes(8_000_000)
  const at = { Bucket, Key: 'purged' }
  const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: body }))
  const { Body } = await s3.send(new GetObjectCommand(at))
  await s3.send(new DeleteObjectCommand({ ...at, VersionId }))
  expect(md5(await Body!.transformToByteArray())).toBe(md5(body))
  await eventually(async () => expect(await readdir(join(site.dir, 'bodies'))).toEqual([]))
  s3.destroy()
  await site.close()
})
