import { createHash, randomBytes } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { refusal, type SitePromise, type World } from '../site-promise.ts'

const partBytes = 5 * 1024 * 1024

interface Upload {
  readonly Bucket: string
  readonly Key: string
  readonly UploadId: string
}

async function open({ s3 }: World, Bucket: string, Key: string, more: object = {}): Promise<Upload> {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))
  return { Bucket, Key, UploadId: UploadId! }
}

async function part({ s3 }: World, upload: Upload, PartNumber: number, Body: Uint8Array): Promise<CompletedPart> {
  const { ETag } = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }))
  return { PartNumber, ETag }
}

const complete = ({ s3 }: World, upload: Upload, Parts: CompletedPart[]) =>
  s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }))

const md5 = (bytes: Uint8Array): Buffer => createHash('md5').update(bytes).digest()

async function assembled(world: World, Key: string, more: object = {}) {
  const Bucket = await world.bucket()
  const upload = await open(world, Bucket, Key, more)
  const bodies = [randomBytes(partBytes), randomBytes(1234)]
  const Parts: CompletedPart[] = []
  for (const [index, body] of bodies.entries()) Parts.push(await part(world, upload, index + 2, body))
  const answer = await complete(world, upload, Parts)
  const etag = `"${md5(Buffer.concat(bodies.map(md5))).toString('hex')}-2"`
  return { at: { Bucket, Key }, bodies, answer, etag }
}

export const multipartPromises: readonly SitePromise[] = [
  {
    name: 'parts become one object with the ETag of its parts',
    check: async (world) => {
      const { at, bodies, etag, answer } = await assembled(world, 'big', { Metadata: { a: 'b' }, ContentType: 'x/y' })
      const got = await world.s3.send(new GetObjectCommand(at))
      expect(got).toMatchObject({ ETag: etag, Metadata: { a: 'b' }, ContentType: 'x/y', VersionId: answer.VersionId })
      expect(Buffer.from(await got.Body!.transformToByteArray()).equals(Buffer.concat(bodies))).toBe(true)
    },
  },
  {
    name: 'completing tells the ETag',
    check: async (world) => {
      const { answer, etag } = await assembled(world, 'big')
      expect(answer.ETag).toBe(etag)
    },
  },
  {
    name: 'an upload keeps the tags that it was created with',
    check: async (world) => {
      const { at } = await assembled(world, 'big', { Tagging: 'a=1&b=2' })
      expect((await world.s3.send(new HeadObjectCommand(at))).TagCount).toBe(2)
    },
  },
  {
    name: 'the parts of an object can be read one by one, and are counted',
    check: async (world) => {
      const { at, bodies } = await assembled(world, 'big')
      const head = await world.s3.send(new HeadObjectCommand({ ...at, PartNumber: 1 }))
      const last = await world.s3.send(new GetObjectCommand({ ...at, PartNumber: 2 }))
      expect(head).toMatchObject({ PartsCount: 2, ContentLength: partBytes })
      expect(Buffer.from(await last.Body!.transformToByteArray())).toEqual(bodies[1])
    },
  },
  {
    name: 'a range may cross the border of two parts',
    check: async (world) => {
      const { at, bodies } = await assembled(world, 'big')
      const Range = `bytes=${partBytes - 3}-${partBytes + 2}`
      const { Body } = await world.s3.send(new GetObjectCommand({ ...at, Range }))
      expect(Buffer.from(await Body!.transformToByteArray())).toEqual(
        Buffer.concat([bodies[0]!.subarray(-3), bodies[1]!.subarray(0, 3)]),
      )
    },
  },
  {
    name: 'uploads and parts under way are listed until they are aborted',
    check: async (world) => {
      const upload = await open(world, await world.bucket(), 'aborted')
      await part(world, upload, 1, randomBytes(10))
      await part(world, upload, 1, randomBytes(20))
      await part(world, upload, 7, randomBytes(30))
      const { Parts } = await world.s3.send(new ListPartsCommand(upload))
      expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
        [1, 20],
        [7, 30],
      ])
      const uploads = async (): Promise<unknown> =>
        ((await world.s3.send(new ListMultipartUploadsCommand({ Bucket: upload.Bucket }))).Uploads ?? []).map(
          (u) => u.Key,
        )
      expect(await uploads()).toEqual(['aborted'])
      await world.s3.send(new AbortMultipartUploadCommand(upload))
      expect(await uploads()).toEqual([])
      expect(await refusal(world.s3.send(new ListPartsCommand(upload)))).toMatch(/^404 /)
    },
  },
  {
    name: 'a part too small or unknown is refused, and the upload stays',
    check: async (world) => {
      const upload = await open(world, await world.bucket(), 'wrong')
      const one = await part(world, upload, 1, randomBytes(10))
      const two = await part(world, upload, 2, randomBytes(10))
      expect([
        await refusal(complete(world, upload, [one, two])),
        await refusal(complete(world, upload, [{ ...one, ETag: '"0"' }])),
      ]).toEqual(['400 EntityTooSmall', '400 InvalidPart'])
      expect((await world.s3.send(new ListPartsCommand(upload))).Parts).toHaveLength(2)
    },
  },
  {
    name: 'a part that is not named when completing is not in the object',
    check: async (world) => {
      const upload = await open(world, await world.bucket(), 'left-out')
      const one = await part(world, upload, 1, randomBytes(10))
      await part(world, upload, 2, randomBytes(10))
      await complete(world, upload, [one])
      const { Bucket, Key } = upload
      expect((await world.s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength).toBe(10)
    },
  },
  {
    name: 'parts out of order are refused as such',
    check: async (world) => {
      const upload = await open(world, await world.bucket(), 'disorder')
      const one = await part(world, upload, 1, randomBytes(10))
      const two = await part(world, upload, 2, randomBytes(10))
      expect(await refusal(complete(world, upload, [two, one]))).toBe('400 InvalidPartOrder')
    },
  },
  {
    name: 'a part can be copied from a range of another object',
    check: async (world) => {
      const Bucket = await world.bucket()
      const source = randomBytes(partBytes + 10)
      await world.s3.send(new PutObjectCommand({ Bucket, Key: 'source', Body: source }))
      const upload = await open(world, Bucket, 'copied')
      const copy = { ...upload, CopySource: `${Bucket}/source`, PartNumber: 1 }
      const { CopyPartResult } = await world.s3.send(
        new UploadPartCopyCommand({ ...copy, CopySourceRange: 'bytes=5-24' }),
      )
      await complete(world, upload, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }])
      const { Body } = await world.s3.send(new GetObjectCommand({ Bucket, Key: 'copied' }))
      expect(Buffer.from(await Body!.transformToByteArray())).toEqual(source.subarray(5, 25))
    },
  },
]
