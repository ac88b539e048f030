import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAclCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type HeadObjectCommandOutput,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KnownSite } from '../../shared/model/fidelity.ts'
import { fidelitySchema } from '../../shared/model/rule.ts'
import { traitsOf, type SiteTraits } from '../../shared/model/site-traits.ts'
import { startChecksum, checksumAlgorithms } from '../../electron/engine/s3/checksum.ts'
import { grantsOf, setAcl } from '../support/acls.ts'
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
let other: CephSite
let dir: Awaited<ReturnType<typeof makeTempDir>>

beforeAll(async () => {
  if (!minioReady.ok || !cephReady.ok) return
  dir = await makeTempDir('fidelity')
  a = await startMinioSite({ name: 'a', kmsKey: 'source-key' })
  b = await startMinioSite({ name: 'b', kmsKey: 'target-key' })
  ceph = await startCephSite({ name: 'c', dir: join(dir.path, 'ceph') })
  other = await startCephSite({ name: 'd', dir: join(dir.path, 'other') })
  for (const site of [a, b, ceph, other])
    await s3Client(site).send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }))
}, 300_000)

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop(), ceph?.stop(), other?.stop()])
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

/** By Ceph's admin API, which answers at a path that looks like an object's. */
async function makeCephUser(site: SiteAccess, uid: string): Promise<void> {
  const client = s3Client(site)
  client.middlewareStack.add(
    (next) => async (args) => {
      const request = args.request as { query: Record<string, string> }
      request.query = { ...request.query, uid, 'display-name': uid }
      return next(args)
    },
    { step: 'build' },
  )
  await client.send(new PutObjectCommand({ Bucket: 'admin', Key: 'user' }))
}

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
  for (const Key of ['nested', 'nested/1']) await put(client, Key)
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: 'nested' }))
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
    listsNested: Contents.length === 2,
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

  test('what Ceph grants to everyone and to signed-in users is granted at another Ceph, version by version', async () => {
    const from = s3Client(ceph)
    const to = s3Client(other)
    const known: KnownSite = { vendor: 'ceph', identity: 'mints', ordersByMtime: false }
    const between = (acl: 'leave' | 'carry') =>
      workerBetween(ceph, other, { metadata: true, fidelity: fidelitySchema.parse({ acl }) }, known, known)
    const copy = async (worker: ReturnType<typeof between>, key: string, more: Partial<PutObjectCommandInput>) => {
      const { VersionId = null } = await put(from, key, more)
      const order = { key, versionId: VersionId, operation: 'put' } as const
      return { order, outcome: await worker.run(order) }
    }
    await copy(between('leave'), 'left public', { ACL: 'public-read' })
    expect(await grantsOf(to, Bucket, 'left public')).toEqual([])

    const worker = between('carry')
    const canned = ['private', 'public-read', 'public-read-write', 'authenticated-read'] as const
    for (const ACL of canned) {
      const { outcome } = await copy(worker, 'acl', { ACL })
      expect([ACL, outcome]).toMatchObject([ACL, { kind: 'settled', did: 'copied' }])
    }
    const aclsOf = async (client: S3Client) => {
      const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'acl' }))
      return Promise.all(Versions.map(({ Key, VersionId }) => grantsOf(client, Bucket, Key!, VersionId)))
    }
    const told = [['AuthenticatedUsers READ'], ['AllUsers READ', 'AllUsers WRITE'], ['AllUsers READ'], []]
    expect([await aclsOf(from), await aclsOf(to)]).toEqual([told, told])

    // Changed later, to less and to more; of this version alone.
    for (const ACL of ['private', 'public-read'] as const) {
      await setAcl(from, Bucket, 'acl', ACL)
      const { VersionId = null } = await head(from, 'acl')
      const order = { key: 'acl', versionId: VersionId, operation: 'metadata' } as const
      expect(await worker.run(order)).toMatchObject({ kind: 'settled', did: 'metadata' })
      expect(await aclsOf(to)).toEqual([ACL === 'private' ? [] : ['AllUsers READ'], ...told.slice(1)])
    }

    await makeCephUser(ceph, 'partner')
    const { outcome } = await copy(worker, 'shared', {
      GrantFullControl: 'id=owner',
      GrantRead: 'id=partner',
    })
    expect(outcome).toMatchObject({ kind: 'settled', notKept: ['acl-users'] })
    expect([await grantsOf(from, Bucket, 'shared'), await grantsOf(to, Bucket, 'shared')]).toEqual([
      ['partner READ'],
      [],
    ])
  }, 120_000)

  test('MinIO, which keeps no ACL, gets the object without, counted; as a source it has nothing to carry', async () => {
    const fidelity = fidelitySchema.parse({ acl: 'carry' })
    const order = async (site: SiteAccess, key: string) => {
      const { VersionId = null } = await put(s3Client(site), key, { ACL: 'public-read' })
      return { key, versionId: VersionId, operation: 'put' } as const
    }
    // Whether the table knows MinIO, or the site has to be asked.
    for (const known of [null, { vendor: 'minio', identity: 'mints', ordersByMtime: false }] as const) {
      const open = await order(ceph, `open ${known?.vendor}`)
      const outcome = await workerBetween(ceph, b, { fidelity }, known).run(open)
      expect([known, outcome]).toMatchObject([known, { did: 'copied', notKept: ['acl'] }])
    }
    const back = await workerBetween(a, ceph, { fidelity }).run(await order(a, 'from minio'))
    expect(back).toMatchObject({ kind: 'settled', did: 'copied', notKept: [] })
  }, 120_000)
})
