import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { ensurePackages, packagesOf, reportSkipped } from '../support/install.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { bytesOf } from '../support/random.ts'
import { rcloneRemote } from '../support/rclone.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'

const run = promisify(execFile)
const ceph = await ensureCeph()
const clients = ceph.ok ? await ensurePackages(packagesOf.s3Clients) : ceph
if (!clients.ok) reportSkipped('outside S3 clients through the gateway', clients.reason)

const bucket = 'clients'
const key = { accessKeyId: 'CLIENT.OUTSIDE', secretAccessKey: 'client/outside+secret' } as const
/** Beyond every client's limit for a single put. */
const large = bytesOf(11, 24 << 20)
const small = bytesOf(12, 5_000)
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** Clients as they come from Debian and from npm, through the gateway; every write waits for both real sites. */
describe.skipIf(!clients.ok)('through the gateway, between two real Ceph sites with policy all', () => {
  let dir: TempDir
  let sites: readonly CephSite[] = []
  let lockstep: Lockstep
  let gateway: SiteAccess

  beforeAll(async () => {
    dir = await makeTempDir('clients')
    sites = await Promise.all(['source', 'target'].map((name) => startCephSite({ name, dir: join(dir.path, name) })))
    for (const site of sites) await makeBucket(s3Client(site), bucket)
    lockstep = await startLockstep({ dir: join(dir.path, 'engine'), config: configOf(sites) })
    gateway = { endpoint: lockstep.ready.gateway!, region: sites[0]!.region, ...key }
    await writeFile(join(dir.path, 'large'), large)
    await writeFile(join(dir.path, 'small ü'), small)
  })

  afterAll(async () => {
    await lockstep.stop()
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  })

  /** Nothing may be pending for what was answered with success: both sites are equal at once. */
  const equalAtOnce = async (prefix: string, keys: number): Promise<void> => {
    const [source, target] = sites.map((site) => ({ site, bucket }))
    const compared = await compareBuckets(source!, target!, { prefix })
    expect([compared.differences, compared.keys]).toEqual([[], keys])
  }

  test('the AWS SDK with its default checksums: put, multipart, ranges, delete', async () => {
    const client = new S3Client({
      endpoint: gateway.endpoint,
      region: gateway.region,
      forcePathStyle: true,
      credentials: key,
      maxAttempts: 1,
    })
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'sdk/small ü', Body: small, Metadata: { a: 'b' } }))
    const upload = { Bucket: bucket, Key: 'sdk/large' }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload))
    const parts = []
    for (const [index, at] of [0, 12 << 20].entries()) {
      const Body = large.subarray(at, at + (12 << 20))
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: index + 1, Body }))
      parts.push({ PartNumber: index + 1, ETag })
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: parts } }))
    const dropped = await client.send(new CreateMultipartUploadCommand({ ...upload, Key: 'sdk/dropped' }))
    await client.send(
      new AbortMultipartUploadCommand({ Bucket: bucket, Key: 'sdk/dropped', UploadId: dropped.UploadId }),
    )
    const range = await client.send(new GetObjectCommand({ ...upload, Range: 'bytes=1000-1999' }))
    expect(Buffer.from(await range.Body!.transformToByteArray()).equals(large.subarray(1000, 2000))).toBe(true)
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'sdk/doomed', Body: 'x' }))
    const gone = await client.send(
      new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [{ Key: 'sdk/doomed' }] } }),
    )
    expect(gone.Errors ?? []).toEqual([])
    client.destroy()
    await equalAtOnce('sdk/', 3)
  })

  test('rclone: copies a folder up and down, and removes it', async () => {
    const env = { ...process.env, ...rcloneRemote('GATE', { site: gateway, provider: 'Ceph' }) }
    delete env['AWS_CA_BUNDLE']
    const rclone = (...args: readonly string[]) =>
      run(
        'rclone',
        [...args, '--config', join(dir.path, 'none'), '--s3-upload-cutoff', '10M', '--s3-chunk-size', '8M'],
        { env },
      )
    await rclone('copyto', join(dir.path, 'large'), `gate:${bucket}/rclone/large`)
    await rclone('copyto', join(dir.path, 'small ü'), `gate:${bucket}/rclone/small ü`)
    await equalAtOnce('rclone/', 2)
    await rclone('copy', `gate:${bucket}/rclone`, join(dir.path, 'rclone'))
    expect(md5(await readFile(join(dir.path, 'rclone/large')))).toBe(md5(large))
    await rclone('delete', `gate:${bucket}/rclone`)
    await equalAtOnce('rclone/', 2)
  })

  test('s3cmd: put, list, get, copy, delete', async () => {
    const { host } = new URL(gateway.endpoint)
    const options = ['--no-ssl', `--host=${host}`, `--host-bucket=${host}`]
    const keys = [`--access_key=${key.accessKeyId}`, `--secret_key=${key.secretAccessKey}`, '--config=/dev/null']
    const s3cmd = (...args: readonly string[]) => run('s3cmd', [...args, ...options, ...keys])
    await s3cmd('put', join(dir.path, 'large'), `s3://${bucket}/s3cmd/large`, '--multipart-chunk-size-mb=8')
    await s3cmd('put', join(dir.path, 'small ü'), `s3://${bucket}/s3cmd/small ü`)
    await s3cmd('cp', `s3://${bucket}/s3cmd/small ü`, `s3://${bucket}/s3cmd/copy`)
    const { stdout } = await s3cmd('ls', `s3://${bucket}/s3cmd/`)
    expect(stdout).toContain('s3cmd/small ü')
    await s3cmd('get', `s3://${bucket}/s3cmd/large`, join(dir.path, 's3cmd-large'))
    expect(md5(await readFile(join(dir.path, 's3cmd-large')))).toBe(md5(large))
    await s3cmd('del', `s3://${bucket}/s3cmd/copy`)
    await equalAtOnce('s3cmd/', 3)
  })

  test('the aws command: cp, sync, presigned link, rm', async () => {
    const credentials = { AWS_ACCESS_KEY_ID: key.accessKeyId, AWS_SECRET_ACCESS_KEY: key.secretAccessKey }
    const env: NodeJS.ProcessEnv = { ...process.env, ...credentials, AWS_CONFIG_FILE: join(dir.path, 'aws') }
    delete env['AWS_CA_BUNDLE']
    await writeFile(
      join(dir.path, 'aws'),
      `[default]\nregion = ${gateway.region}\ns3 =\n  addressing_style = path\n  signature_version = s3v4\n`,
    )
    const aws = (...args: readonly string[]) => run('aws', ['--endpoint-url', gateway.endpoint, 's3', ...args], { env })
    await aws('cp', join(dir.path, 'large'), `s3://${bucket}/aws/large`)
    await aws('cp', join(dir.path, 'small ü'), `s3://${bucket}/aws/small ü`)
    await equalAtOnce('aws/', 2)
    const { stdout } = await aws('presign', `s3://${bucket}/aws/large`)
    const answer = await fetch(stdout.trim())
    expect([answer.status, md5(Buffer.from(await answer.arrayBuffer()))]).toEqual([200, md5(large)])
    await aws('rm', `s3://${bucket}/aws/`, '--recursive')
    await equalAtOnce('aws/', 2)
  })

  test('clients that sign with version 2 show what is taken instead, and what to set', async () => {
    const { host } = new URL(gateway.endpoint)
    const options = ['--no-ssl', `--host=${host}`, `--host-bucket=${host}`, '--config=/dev/null', '--signature-v2']
    const keys = [`--access_key=${key.accessKeyId}`, `--secret_key=${key.secretAccessKey}`]
    await expect(run('s3cmd', ['ls', `s3://${bucket}/`, ...options, ...keys])).rejects.toMatchObject({
      stderr: expect.stringMatching(/Only Signature Version 4 .* is taken here.*s3cmd: signature_v2 = False/s),
    })
    const env: NodeJS.ProcessEnv = { ...process.env, ...rcloneRemote('OLD', { site: gateway, provider: 'Ceph' }) }
    delete env['AWS_CA_BUNDLE']
    const lsf = ['lsf', `old:${bucket}`, '--s3-v2-auth', '--retries', '1', '--low-level-retries', '1']
    await expect(run('rclone', [...lsf, '--config', join(dir.path, 'none')], { env })).rejects.toMatchObject({
      stderr: expect.stringMatching(/Only Signature Version 4 .* is taken here.*rclone: v2_auth = false/s),
    })
  })

  test('a wrong secret opens nothing', async () => {
    const client = s3Client({ ...gateway, secretAccessKey: 'wrong' })
    await expect(client.send(new GetObjectCommand({ Bucket: bucket, Key: 'sdk/large' }))).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
    })
  })
})

function configOf(sites: readonly CephSite[]): Parameters<typeof startLockstep>[0]['config'] {
  return {
    version: 1,
    sites: [siteConfig('source', sites[0]!), siteConfig('target', sites[1]!)],
    rules: [
      {
        id: 'clients',
        source: { site: 'source', bucket },
        targets: [{ site: 'target', bucket }],
        deleteBrake: null,
        overwriteBrake: null,
        ack: { policy: 'all', timeoutMs: 30_000, onTimeout: 'fail' },
      },
    ],
    gateway: { site: 'source', listen: '127.0.0.1:0', keys: [key] },
  }
}
