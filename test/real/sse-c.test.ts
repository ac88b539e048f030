import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompareReport } from '../../shared/model/compare.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { customerKey, under, uploadUnder } from '../support/customer-key.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir } from '../support/temp.ts'

const minio = await ensureMinio()
const ceph = await ensureCeph()
const both = minio.ok ? ceph : minio
if (!both.ok) reportSkipped('what is under clients’ keys, between real sites', both.reason)

const bucket = 'sealed'
const archive = customerKey('archive')
const wrong = customerKey('wrong')
const large = [randomBytes(5 << 20), randomBytes(6 << 20), randomBytes(1000)]
const words = 'words that only their owner reads'

describe.skipIf(!both.ok)('what is under a client’s key, from a real MinIO with TLS', () => {
  let dir: Awaited<ReturnType<typeof makeTempDir>>
  let minios: readonly MinioSite[] = []
  let cephSite: CephSite
  let lockstep: Lockstep
  const sites = (): Readonly<Record<string, SiteAccess>> => ({ a: minios[0]!, b: minios[1]!, c: cephSite })

  beforeAll(async () => {
    dir = await makeTempDir('sse-c')
    minios = await Promise.all(['a', 'b'].map((name) => startMinioSite({ name, tls: true })))
    cephSite = await startCephSite({ name: 'c', dir: join(dir.path, 'ceph') })
    for (const site of Object.values(sites())) await makeBucket(s3Client(site), bucket)
    const source = s3Client(minios[0]!)
    await source.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: 'small',
        Body: words,
        Metadata: { a: 'b' },
        Tagging: 't=1',
        ...under(archive),
      }),
    )
    await uploadUnder(source, { Bucket: bucket, Key: 'large' }, archive, large)
    await source.send(new PutObjectCommand({ Bucket: bucket, Key: 'open', Body: 'open' }))
    await source.send(
      new PutObjectCommand({ Bucket: bucket, Key: 'others', Body: 'x', ...under(customerKey('unknown')) }),
    )
    lockstep = await startLockstep({
      dir: join(dir.path, 'engine'),
      environment: { ARCHIVE_KEY: archive.toString('base64') },
      config: {
        version: 1,
        sites: Object.entries(sites()).map(([id, site]) => siteConfig(id, site)),
        sseCKeys: [
          { name: 'wrong', key: wrong.toString('hex') },
          { name: 'archive', key: { env: 'ARCHIVE_KEY' } },
        ],
        rules: [
          {
            id: 'sealed',
            source: { site: 'a', bucket },
            targets: ['b', 'c'].map((site) => ({ site, bucket })),
            fidelity: { sseCKeys: ['wrong', 'archive'] },
            scanIntervalSeconds: 5,
          },
        ],
      },
    })
  }, 300_000)

  afterAll(async () => {
    await lockstep?.stop()
    await Promise.all([...minios, cephSite].map((site) => site?.stop()))
    await dir?.remove()
  })

  test('is under the same key at a MinIO with TLS and at a Ceph, byte for byte, and opens with no other', async () => {
    expect(await lockstep.cli('wait', '--settled', '--timeout', '150')).toMatchObject({ code: 0 })
    const { rows } = await lockstep.api.failures.list.query({ filter: {}, limit: 100 })
    expect(rows.map(({ key, fault }) => [key, fault.code])).toEqual([
      ['others', 'ENCRYPTION_KEY_NEEDED'],
      ['others', 'ENCRYPTION_KEY_NEEDED'],
    ])
    expect(rows[0]!.fault.message).toContain('None of the keys that the rule names opens it: wrong, archive.')
    for (const id of ['b', 'c']) {
      const client = s3Client(sites()[id]!)
      for (const [key, bytes] of [
        ['small', Buffer.from(words)],
        ['large', Buffer.concat(large)],
      ] as const) {
        const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, ...under(archive) }))
        expect(Buffer.from(await got.Body!.transformToByteArray()).equals(bytes)).toBe(true)
        expect(await status(client, key)).toBe(400)
        expect([400, 403]).toContain(await status(client, key, under(wrong)))
      }
      expect(await status(client, 'open')).toBe(200)
    }
  }, 180_000)

  test('keys come by the command line too, and no answer, log or journal holds one', async () => {
    const late = customerKey('late')
    const file = join(dir.path, 'late.key')
    await writeFile(file, late, { mode: 0o600 })
    const added = await lockstep.cli('sse-c-keys', 'add', 'late', '--file', file)
    expect(added.json()).toMatchObject({ name: 'late', md5: under(late).SSECustomerKeyMD5 })
    expect((await lockstep.cli('sse-c-keys', 'add', 'none')).code).not.toBe(0)
    const listed = await lockstep.cli('sse-c-keys', 'list')
    expect((listed.json() as readonly { name: string }[]).map(({ name }) => name)).toEqual(['archive', 'late', 'wrong'])
    expect((await lockstep.cli('fidelity', 'sealed')).stdout).toContain('one of the keys wrong, archive')
    const told = [
      added.stdout,
      listed.stdout,
      await lockstep.api.config.export.query(),
      JSON.stringify(await lockstep.api.diagnostics.get.query()),
      ...lockstep.logs,
    ].join('\n')
    const kept = readdirSync(lockstep.dataDir).map((name) => readFileSync(join(lockstep.dataDir, name)))
    for (const key of [archive, wrong, late])
      for (const spelt of [key.toString('base64'), key.toString('hex'), key.toString('latin1')]) {
        expect(told).not.toContain(spelt)
        expect(kept.some((bytes) => bytes.includes(Buffer.from(spelt, 'latin1')))).toBe(false)
      }
    expect((await lockstep.cli('sse-c-keys', 'remove', 'late')).code).toBe(0)
    expect((await lockstep.cli('sse-c-keys', 'remove', 'archive')).code).not.toBe(0)
  }, 180_000)

  test('compares equal by attributes and by bytes, the unknown key apart', async () => {
    for (const level of ['attributes', 'bytes']) {
      const { stdout } = await lockstep.cli('compare', 'sealed', '--level', level)
      const report = JSON.parse(stdout) as CompareReport
      const told = [...report.differences, ...report.notSeen.items]
      expect(told.filter(({ key }) => key !== 'others')).toEqual([])
    }
  }, 180_000)
})

const status = (client: S3Client, Key: string, more: object = {}): Promise<number | undefined> =>
  client.send(new HeadObjectCommand({ Bucket: bucket, Key, ...more })).then(
    ({ $metadata }) => $metadata.httpStatusCode,
    (error: { readonly $metadata: { readonly httpStatusCode: number } }) => error.$metadata.httpStatusCode,
  )
