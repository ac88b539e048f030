import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { Readable } from 'node:stream'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startChecksum, type ChecksumAlgorithm } from '../../electron/engine/s3/checksum.ts'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensurePackages, packagesOf, reportSkipped } from '../support/install.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { loopbackCertificate } from '../support/loopback-certificate.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { bytesOf } from '../support/random.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const run = promisify(execFile)
const minio = await ensureMinio()
const awsCommand = minio.ok ? await ensurePackages(packagesOf.s3Clients) : minio
if (!minio.ok) reportSkipped('checksums through the gateway to real MinIO sites', minio.reason)

const bucket = 'checksums'
const key = { accessKeyId: 'CLIENT.CHECKSUMS', secretAccessKey: 'client/checksums+secret' } as const
const large = bytesOf(13, 12 << 20)
const halves = [large.subarray(0, 6 << 20), large.subarray(6 << 20)]

function checksumOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const running = startChecksum(algorithm)
  running.update(bytes)
  return running.digest()
}

/** Over TLS clients send their checksums behind the body: that is where they were lost. */
describe.skipIf(!minio.ok)('a gateway with TLS, between two real MinIO sites with policy all', () => {
  let dir: TempDir
  let sites: readonly MinioSite[] = []
  let lockstep: Lockstep
  let client: S3Client

  beforeAll(async () => {
    dir = await makeTempDir('checksums')
    sites = await Promise.all(['source', 'target'].map((name) => startMinioSite({ name })))
    for (const site of sites) await makeBucket(s3Client(site), bucket)
    const tls = { certFile: join(dir.path, 'cert.pem'), keyFile: join(dir.path, 'key.pem') }
    await writeFile(tls.certFile, loopbackCertificate.cert)
    await writeFile(tls.keyFile, loopbackCertificate.key, { mode: 0o600 })
    await writeFile(join(dir.path, 'large'), large)
    lockstep = await startLockstep({
      dir: join(dir.path, 'engine'),
      config: {
        version: 1,
        sites: [siteConfig('source', sites[0]!), siteConfig('target', sites[1]!)],
        rules: [
          {
            id: 'checksums',
            source: { site: 'source', bucket },
            targets: [{ site: 'target', bucket }],
            ack: { policy: 'all', timeoutMs: 30_000, onTimeout: 'fail' },
          },
        ],
        gateway: { site: 'source', listen: '127.0.0.1:0', keys: [key], tls },
      },
    })
    client = new S3Client({
      endpoint: lockstep.ready.gateway!,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: key,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ httpsAgent: new Agent({ ca: loopbackCertificate.cert }) }),
    })
  })

  afterAll(async () => {
    client.destroy()
    await lockstep.stop()
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  const equalAtOnce = async (prefix: string, keys: number): Promise<void> => {
    const [source, target] = sites.map((site) => ({ site, bucket }))
    const compared = await compareBuckets(source!, target!, { prefix })
    expect([compared.differences, compared.keys]).toEqual([[], keys])
  }

  const headAtSource = (Key: string) =>
    s3Client(sites[0]!).send(new HeadObjectCommand({ Bucket: bucket, Key, ChecksumMode: 'ENABLED' }))

  test('an upload in parts with the SDK’s default checksums is completed, and has them', async () => {
    const upload = { Bucket: bucket, Key: 'sdk/parts' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...upload, ChecksumAlgorithm: 'CRC32' }))
    const Parts: CompletedPart[] = []
    for (const [index, half] of halves.entries()) {
      const part = { ...upload, UploadId, PartNumber: index + 1 }
      const body = Readable.from([half])
      const { ETag, ChecksumCRC32 } = await client.send(
        new UploadPartCommand({ ...part, Body: body, ContentLength: half.length, ChecksumAlgorithm: 'CRC32' }),
      )
      expect(ChecksumCRC32).toBe(checksumOf('crc32', half))
      Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC32 })
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts } }))
    expect((await headAtSource('sdk/parts')).ChecksumCRC32).toMatch(/-2$/)
    await equalAtOnce('sdk/parts', 1)
  })

  test('an upload whose completion names the checksum of the whole object is completed, and a wrong one is not', async () => {
    const whole = checksumOf('crc64nvme', large)
    for (const [Key, ChecksumCRC64NVME, code] of [
      ['sdk/whole', whole, null],
      ['sdk/wrong', checksumOf('crc64nvme', halves[0]!), /Digest|Checksum/i],
    ] as const) {
      const upload = { Bucket: bucket, Key }
      const full = { ChecksumAlgorithm: 'CRC64NVME', ChecksumType: 'FULL_OBJECT' } as const
      const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...upload, ...full }))
      const Parts: CompletedPart[] = []
      for (const [index, half] of halves.entries()) {
        const checksum = checksumOf('crc64nvme', half)
        const part = { ...upload, UploadId, PartNumber: index + 1, ChecksumCRC64NVME: checksum }
        const { ETag } = await client.send(new UploadPartCommand({ ...part, Body: half }))
        Parts.push({ PartNumber: index + 1, ETag, ChecksumCRC64NVME: checksum })
      }
      const completed = client.send(
        new CompleteMultipartUploadCommand({
          ...upload,
          UploadId,
          MultipartUpload: { Parts },
          ChecksumCRC64NVME,
          ChecksumType: 'FULL_OBJECT',
        }),
      )
      if (code === null) expect((await completed).ETag).toBeDefined()
      else await expect(completed).rejects.toMatchObject({ name: expect.stringMatching(code) })
    }
    expect((await headAtSource('sdk/whole')).ChecksumCRC64NVME).toBe(whole)
    await equalAtOnce('sdk/w', 1)
  })

  test.each([
    ['behind the body', { Body: Readable.from([large]), ContentLength: large.length, ChecksumAlgorithm: 'CRC32C' }],
    ['before the body', { Body: large, ChecksumCRC32C: checksumOf('crc32c', large) }],
    [
      'behind the body, with a content coding',
      {
        Body: Readable.from([large]),
        ContentLength: large.length,
        ChecksumAlgorithm: 'CRC32C',
        ContentEncoding: 'gzip',
      },
    ],
  ] as const)('an object put with its checksum %s has it at the source', async (name, put) => {
    const Key = `put/${name}`
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, ContentType: 'text/plain', ...put }))
    const head = await headAtSource(Key)
    const coding = 'ContentEncoding' in put ? put.ContentEncoding : undefined
    expect([head.ChecksumCRC32C, head.ContentEncoding]).toEqual([checksumOf('crc32c', large), coding])
    await equalAtOnce(Key, 1)
  })

  test.skipIf(!awsCommand.ok)('the aws command copies 12 MiB up, as it comes', async () => {
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
      AWS_CA_BUNDLE: join(dir.path, 'cert.pem'),
      AWS_CONFIG_FILE: join(dir.path, 'aws'),
      AWS_MAX_ATTEMPTS: '1',
    }
    await writeFile(join(dir.path, 'aws'), '[default]\nregion = us-east-1\ns3 =\n  addressing_style = path\n')
    await run(
      'aws',
      ['--endpoint-url', lockstep.ready.gateway!, 's3', 'cp', join(dir.path, 'large'), `s3://${bucket}/aws/large`],
      { env },
    )
    const attributes = await s3Client(sites[0]!).send(
      new GetObjectAttributesCommand({ Bucket: bucket, Key: 'aws/large', ObjectAttributes: ['ObjectSize'] }),
    )
    expect(attributes.ObjectSize).toBe(large.length)
    await equalAtOnce('aws/', 1)
  })
})
