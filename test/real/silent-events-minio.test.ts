import { CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { configSchema } from '../../shared/model/config.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import { overallOf } from '../../shared/text/overall.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { makeTempDir } from '../support/temp.ts'
import { s3Client } from '../support/s3-site.ts'

const minio = await ensureMinio()
if (!minio.ok) reportSkipped('event streams of a real MinIO site', minio.reason)

const siteOf = (id: string, { endpoint, region, accessKeyId, secretAccessKey }: MinioSite) => ({
  id,
  name: id,
  endpoint,
  region,
  credentials: { accessKeyId, secretAccessKey },
})

/** MinIO built from its Go module gathers 4 KiB before it sends even the head; other builds tell at once. Both must be seen for what they are. */
test.skipIf(!minio.ok)(
  'a stream that does not tell is called unavailable, and what it keeps back is copied by scans that come closer',
  { timeout: 240_000 },
  async () => {
    const [a, b] = await Promise.all([startMinioSite({ name: 'one' }), startMinioSite({ name: 'two' })])
    const temp = await makeTempDir('silent-events')
    for (const client of [s3Client(a), s3Client(b)]) {
      await client.send(new CreateBucketCommand({ Bucket: 'data' }))
      const versioning = { Bucket: 'data', VersioningConfiguration: { Status: 'Enabled' } } as const
      await client.send(new PutBucketVersioningCommand(versioning))
    }
    const engine = await startEngine({
      dataDir: temp.path,
      credentials: memoryCredentials(),
      environment: {},
      log: () => undefined,
      demo: null,
      version: 'test',
      config: configSchema.parse({
        version: 1,
        sites: [siteOf('a', a), siteOf('b', b)],
        rules: [
          {
            id: 'r',
            source: { site: 'a', bucket: 'data' },
            targets: [{ site: 'b', bucket: 'data' }],
            scanIntervalSeconds: 3600,
          },
        ],
      }),
    })
    onTestFinished(async () => {
      await engine.stop()
      await Promise.all([a.stop(), b.stop()])
      await temp.remove()
    })
    const link = () => engine.api.overview.get().links[0]!
    await expect.poll(() => link().events.kind, { timeout: 60_000 }).toMatch(/^(?:told|unavailable)$/)
    await s3Client(a).send(new PutObjectCommand({ Bucket: 'data', Key: 'kept back', Body: 'x' }))
    await expect.poll(() => link().settledCount, { timeout: 120_000 }).toBe(1)
    const { events } = link()
    if (events.kind !== 'unavailable') return
    expect(events).toMatchObject({ scanEverySeconds: 30, fault: { site: 'a' } })
    expect(overallOf(engine.api.overview.get())).toEqual({ tone: 'waiting', sentence: '1 rule without events' })
    expect(engine.api.rules.get({ id: 'r' }).noticedBy).toContain('scan of both sides every 30 seconds')
  },
)
