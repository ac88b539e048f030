import { setTimeout as wait } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { versionsByKey, type Bucket } from '../compare/list-versions.ts'
import { makeBucket } from '../support/buckets.ts'
import { clientKey, everythingKey } from '../support/gateway.ts'
import { spawnLockstep, startLockstep, type LockstepOptions } from '../support/lockstep-process.ts'
import { bytesOf, Random } from '../support/random.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir } from '../support/temp.ts'

const kills = Math.max(3, Math.round(Number(process.env['LOCKSTEP_CRASH_KILLS'] ?? 200) / 10))
const seed = Number(process.env['LOCKSTEP_SEED'] ?? Date.now() % 1_000_000)
process.stdout.write(`crash: LOCKSTEP_SEED=${seed}, ${kills} kills under writes through the gateway\n`)

interface Acknowledged {
  readonly key: string
  readonly etag: string
}

test(`what the gateway acknowledged is at every site when it is killed, and nothing is doubled (LOCKSTEP_SEED=${seed})`, async () => {
  const dir = await makeTempDir('crash-gateway')
  // One target is written to at the same time as the source, one after it.
  const sites = await Promise.all([
    startSandboxProcess(join(dir.path, 'source'), 'adopts-minio'),
    startSandboxProcess(join(dir.path, 'minting'), 'mints'),
    startSandboxProcess(join(dir.path, 'adopting'), 'adopts-minio'),
  ])
  const buckets = sites.map((site): Bucket => ({ site, bucket: 'box' }))
  for (const site of sites) await makeBucket(s3Client(site), 'box')
  const lockstep = { dir: join(dir.path, 'engine'), config: configOf(sites) }
  const random = new Random(seed)
  const broken: string[] = []
  let acknowledged = 0
  for (let life = 0; life < kills; life++) {
    const heard = await oneLife(lockstep, `life-${life}/`, random)
    acknowledged += heard.length
    // At once, while no engine runs that could make it good.
    for (const [index, bucket] of buckets.entries()) {
      const there = await etagsIn(bucket, `life-${life}/`)
      for (const { key, etag } of heard)
        if (there.get(key)?.includes(etag) !== true) broken.push(`${key} was acknowledged and is not at site ${index}`)
    }
  }
  const last = await startLockstep(lockstep)
  try {
    await last.bringInStep(240)
    const [source, ...targets] = buckets
    const compared = await Promise.all(
      targets.map((target, index) => compareBuckets(source!, target, { sameIds: index === 1 })),
    )
    const differences = compared.map((one) => one.differences.slice(0, 20))
    await last.stop()
    process.stdout.write(`crash: ${acknowledged} writes acknowledged by ${kills} engines that were killed\n`)
    expect({ broken, differences }).toEqual({ broken: [], differences: [[], []] })
    expect(acknowledged).toBeGreaterThan(kills)
  } finally {
    await last.kill9()
  }
  await Promise.all(sites.map((site) => site.stop()))
  await dir.remove()
})

/** From an engine's start to its end by kill -9: what its clients heard of as stored. */
async function oneLife(lockstep: LockstepOptions, prefix: string, random: Random): Promise<readonly Acknowledged[]> {
  const engine = await spawnLockstep(lockstep)
  const { gateway } = await engine.ready
  const client = new S3Client({
    endpoint: gateway!,
    region: 'us-east-1',
    forcePathStyle: true,
    // The SDK notes on its credentials where they come from.
    credentials: { ...clientKey },
    maxAttempts: 1,
  })
  const heard: Acknowledged[] = []
  const killed = new AbortController()
  const writer = async (): Promise<void> => {
    while (!killed.signal.aborted) {
      const key = `${prefix}key-${random.int(0, 5)}`
      // Now and then one that streams.
      const body = bytesOf(random.int(1, 1_000_000), random.chance(0.1) ? 700_000 : random.int(1, 4096))
      const put = new PutObjectCommand({ Bucket: 'box', Key: key, Body: body, ContentType: 'text/plain' })
      const done = await client.send(put).then(
        () => true,
        () => false,
      )
      if (done) heard.push({ key, etag: createHash('md5').update(body).digest('hex') })
      // A refusal while the engine looks at its sites comes at once: it must not make this a busy loop.
      else await wait(10)
    }
  }
  const writers = [writer(), writer(), writer(), writer()]
  await wait(random.int(400, 2_500))
  await engine.kill9()
  killed.abort()
  await Promise.all(writers)
  client.destroy()
  return heard
}

async function etagsIn(bucket: Bucket, prefix: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for await (const { key, versions } of versionsByKey(bucket, prefix))
    found.set(
      key,
      versions.map(({ etag }) => etag.replaceAll('"', '')),
    )
  return found
}

function configOf(sites: readonly SiteAccess[]): LockstepOptions['config'] {
  const ids = ['source', 'minting', 'adopting']
  return {
    version: 1,
    sites: sites.map((site, index) => siteConfig(ids[index]!, site)),
    rules: [
      {
        id: 'crash',
        source: { site: 'source', bucket: 'box' },
        targets: [
          { site: 'minting', bucket: 'box' },
          { site: 'adopting', bucket: 'box' },
        ],
        ack: { policy: 'all', timeoutMs: 10_000 },
      },
    ],
    gateway: { site: 'source', listen: '127.0.0.1:0', keys: [everythingKey] },
  }
}
