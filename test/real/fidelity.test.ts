import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAclCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type HeadObjectCommandOutput,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fidelitySchema } from '../../shared/model/rule.ts'
import { traitsOf, type SiteTraits } from '../../shared/model/site-traits.ts'
import { startChecksum, checksumAlgorithms } from '../../electron/engine/store/checksum.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { workerBetween } from '../support/replicate-world.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { makeTempDir } from '../support/temp.ts'

const minioReady = await ensureMinio()
const cephReady = await ensureCeph()
const Bucket = 'data'
const mib = 1024 * 1024

let a: MinioSite
let b: MinioSite
let ceph: CephSite
let dir: Awaited<ReturnType<typeof makeTempDir>>

beforeAll(async () => {
  if (!minioReady.ok || !cephReady.ok) return
  dir = await makeTempDir('fidelity')
  a = await startMinioSite({ name: 'a', kmsKey: 'source-key' })
  b = await startMinioSite({ name: 'b', kmsKey: 'target-key' })
  ceph = await startCephSite({ name: 'c', dir: join(dir.path, 'ceph') })
  for (const site of [a, b, ceph])
    await s3Client(site).send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
}, 300_000)

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop(), ceph?.stop()])
  await dir?.remove()
})

const put = (client: S3Client, Key: string, more: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ...more }))
const head = (client: S3Client, Key: string, more: object = {}): Promise<HeadObjectCommandOutput> =>
  client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED', ...more }))
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64')
const succeeds = async (act: Promise<unknown>): Promise<boolean> =>
  act.then(
    () => true,
    () => false,
  )

/** What the server itself does, in the words of the table. */
async function measured(site: SiteAccess): Promise<SiteTraits> {
  const client = s3Client(site)
  const wrong = succeeds(put(client, 'wrong', { ChecksumSHA256: sha256('other') }))
  await put(client, 'summed', { ChecksumSHA256: sha256('hello') })
  await put(client, 'public', { ACL: 'public-read' })
  await put(client, 'empty', { Metadata: { empty: '' }, WebsiteRedirectLocation: '/x', ServerSideEncryption: 'AES256' })
  await putParts(client, 'parts', 'SHA256', 'COMPOSITE', [5 * mib, 100])
  const [summed, empty, part] = await Promise.all([
    head(client, 'summed'),
    head(client, 'empty'),
    head(client, 'parts', { PartNumber: 2 }),
  ])
  const { Grants = [] } = await client.send(new GetObjectAclCommand({ Bucket, Key: 'public' }))
  return {
    checksums: !(await wrong) && summed.ChecksumSHA256 === sha256('hello'),
    acl: Grants.some(({ Grantee }) => Grantee?.Type === 'Group'),
    anyTagText: await succeeds(
      put(client, 'tagged', { Tagging: `note=${encodeURIComponent("é 日本 ! ( ) , % ' & ~")}` }),
    ),
    emptyMetadata: empty.Metadata?.['empty'] === '',
    websiteRedirect: empty.WebsiteRedirectLocation === '/x',
    tellsParts: part.ContentLength === 100,
    sseS3: empty.ServerSideEncryption === 'AES256',
    storageClasses: await succeeds(put(client, 'cool', { StorageClass: 'STANDARD_IA' })),
  }
}

async function putParts(
  client: S3Client,
  Key: string,
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  sizes: readonly number[],
): Promise<void> {
  const at = { Bucket, Key }
  const begun = new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: algorithm, ChecksumType: type })
  const { UploadId } = await client.send(begun)
  const name = `Checksum${algorithm}` as const
  const Parts = []
  for (const [index, sizeBytes] of sizes.entries()) {
    const Body = randomBytes(sizeBytes)
    const running = startChecksum(checksumAlgorithms.find((one) => one.toUpperCase() === algorithm)!)
    running.update(Body)
    const part = { PartNumber: index + 1, [name]: running.digest() }
    const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, Body, ...part }))
    Parts.push({ ...part, ETag })
  }
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }))
}

const checksumsOf = ({
  ETag,
  ChecksumCRC32,
  ChecksumCRC32C,
  ChecksumCRC64NVME,
  ChecksumSHA1,
  ChecksumSHA256,
}: HeadObjectCommandOutput) =>
  JSON.stringify({ ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME, ChecksumSHA1, ChecksumSHA256 })

const kinds = [
  ['CRC32', 'COMPOSITE'],
  ['CRC32C', 'COMPOSITE'],
  ['SHA1', 'COMPOSITE'],
  ['SHA256', 'COMPOSITE'],
  ['CRC32', 'FULL_OBJECT'],
  ['CRC64NVME', 'FULL_OBJECT'],
] as const

describe.skipIf(!minioReady.ok || !cephReady.ok)('what real servers keep', () => {
  test('the table says of MinIO and Ceph what they do', async () => {
    expect({ minio: await measured(a), ceph: await measured(ceph) }).toEqual({
      minio: traitsOf('minio'),
      ceph: traitsOf('ceph'),
    })
  })

  test('additional checksums of every kind arrive at MinIO, of single bodies and of parts; at Ceph they are counted', async () => {
    const [from, to] = [s3Client(a), s3Client(b)]
    const names: string[] = []
    for (const algorithm of checksumAlgorithms) {
      const running = startChecksum(algorithm)
      running.update(Buffer.from('hello'))
      await put(from, algorithm, { [`Checksum${algorithm.toUpperCase()}`]: running.digest() })
      names.push(algorithm)
    }
    for (const [algorithm, type] of kinds) {
      const name = `parts ${algorithm} ${type}`
      await putParts(from, name, algorithm, type, [5 * mib, 6 * mib, 100])
      names.push(name)
    }
    const minio = workerBetween(a, b, {}, { vendor: 'minio', identity: 'mints', ordersByMtime: false })
    const plain = workerBetween(a, ceph, {}, { vendor: 'ceph', identity: 'mints', ordersByMtime: false })
    for (const key of names) {
      const { VersionId = null } = await head(from, key)
      const order = { key, versionId: VersionId, operation: 'put' } as const
      expect([key, await minio.run(order)]).toMatchObject([key, { kind: 'settled', did: 'copied' }])
      expect([key, checksumsOf(await head(to, key))]).toEqual([key, checksumsOf(await head(from, key))])
      const lost = key.endsWith('COMPOSITE') ? 'composite-checksum' : 'checksum'
      expect([key, await plain.run(order)]).toMatchObject([key, { kind: 'settled', did: 'copied', notKept: [lost] }])
    }
  })

  test.each(['minio', 'ceph'] as const)(
    'what is under SSE-KMS is stored at %s under the key that the rule names',
    async (vendor) => {
      const from = s3Client(a)
      const site = vendor === 'minio' ? b : ceph
      const key = vendor === 'minio' ? 'target-key' : 'testkey-1'
      const { VersionId = null } = await put(from, `secret ${vendor}`, {
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: 'source-key',
      })
      const order = { key: `secret ${vendor}`, versionId: VersionId, operation: 'put' } as const
      const known = { vendor, identity: 'mints', ordersByMtime: false } as const
      const under = (kmsKeyId: string | null) =>
        workerBetween(a, site, { fidelity: fidelitySchema.parse({ kmsKeyId }) }, known).run(order)
      expect(await under(null)).toMatchObject({ kind: 'fault', fault: { code: 'KMS_KEY_NEEDED' } })
      expect(await under('no-such-key')).toMatchObject({
        kind: 'fault',
        fault: { code: 'KMS_KEY_MISSING', retry: 'never' },
      })
      expect(await under(key)).toMatchObject({ kind: 'settled', did: 'copied' })
      const there = await head(s3Client(site), order.key)
      expect(there).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: expect.stringContaining(key) })
    },
  )

  test('a tag that MinIO refuses has its own code, and is left out where the rule says so', async () => {
    const from = s3Client(ceph)
    const { VersionId = null } = await put(from, 'odd tag', { Tagging: 'team=a&note=%21' })
    const order = { key: 'odd tag', versionId: VersionId, operation: 'put' } as const
    expect(await workerBetween(ceph, b).run(order)).toMatchObject({ kind: 'fault', fault: { code: 'TAG_REFUSED' } })
    const fidelity = fidelitySchema.parse({ refusedTags: 'leave-out' })
    expect(await workerBetween(ceph, b, { fidelity }).run(order)).toMatchObject({
      kind: 'settled',
      notKept: ['refused-tags'],
    })
    expect((await head(s3Client(b), 'odd tag')).TagCount).toBe(1)
  })
})
