import { join } from 'node:path'
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { onTestFailed, onTestFinished } from 'vitest'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { failureListInput } from '../../shared/api/inputs.ts'
import { configSchema, type ConfigInput } from '../../shared/model/config.ts'
import type { LinkView, RuleInput } from '../../shared/model/rule.ts'
import type { Failure } from '../../shared/model/task.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import type { RetryPolicy } from '../../electron/engine/queue/retry.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import type { Engine, EngineOptions } from '../../electron/engine/composition/options.ts'
import { startSandbox, type SandboxOptions } from './sandbox.ts'
import { makeTempDir } from './temp.ts'

export interface WorldOptions {
  readonly a?: SandboxOptions
  readonly b?: SandboxOptions
  /** Buckets made on both sides, versioned. Default: one, `data`. */
  readonly buckets?: readonly string[]
  readonly objectLock?: boolean
  /** Over the defaults: from a/data to b/data, scanned every 5 s. */
  readonly rules?: readonly Partial<RuleInput>[]
  readonly config?: Partial<ConfigInput>
  /** Do not start the engine yet. */
  readonly stopped?: boolean
  /** Bounds of the engine, over the usual ones. By default a failed task is tried again within a second. */
  readonly engine?: Pick<EngineOptions, 'timeouts' | 'journalLimits' | 'retry' | 'longOutageMs' | 'bucketCheckMs'>
}

/** What ten lost answers in a row cost must stay far within a test's time limit, whatever chance adds to it. */
const quickRetry: Partial<RetryPolicy> = { baseDelayMs: 100, maxDelayMs: 1000 }
/** Nothing of a sandbox lands later, but for a fault that says so. */
const landsWithinMs = 500

/** Two sandbox sites, a and b, and an engine between them. All of it ends with the test; the folder stays when it fails. */
export interface World {
  readonly a: SandboxSite
  readonly b: SandboxSite
  readonly s3: { readonly a: S3Client; readonly b: S3Client }
  readonly dataDir: string
  readonly log: readonly string[]
  api(): EngineApi
  engine(): Engine
  /** Over what the world was made with. */
  start(config?: Partial<ConfigInput>, engine?: WorldOptions['engine']): Promise<void>
  stop(): Promise<void>
  /** A scan that begins now finds nothing more, and nothing is pending. Throws what is pending otherwise. */
  settled(timeoutMs?: number): Promise<void>
  put(key: string, body?: string | Uint8Array, more?: Partial<PutObjectCommandInput>): Promise<string>
  /** `key  kind  size-or-marker  etag`, newest first, as each side has it. */
  sides(bucket?: string): Promise<{ readonly a: readonly string[]; readonly b: readonly string[] }>
  link(ruleId?: string): LinkView
  /** The failure list, oldest failure first. */
  failures(): Promise<readonly Failure[]>
}

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const temp = await makeTempDir('world')
  const a = await startSandbox({ ...options.a, dir: join(temp.path, 'a') })
  const b = await startSandbox({ ...options.b, dir: join(temp.path, 'b') })
  const s3 = { a: clientOf(a), b: clientOf(b) }
  for (const bucket of options.buckets ?? ['data']) {
    for (const client of [s3.a, s3.b]) await createBucket(client, bucket, options.objectLock ?? false)
  }
  const log: string[] = []
  let engine: Engine | null = null
  let failed = false
  const running = (): Engine => {
    if (engine === null) throw new Error('The engine is not running.')
    return engine
  }
  const world: World = {
    a,
    b,
    s3,
    log,
    dataDir: join(temp.path, 'data'),
    api: () => running().api,
    engine: running,
    async start(config, bounds = options.engine) {
      const declared = configSchema.parse(declare(a, b, options, config))
      engine = await startEngine({
        ...bounds,
        retry: { landsWithinMs, ...(bounds?.retry ?? quickRetry) },
        dataDir: world.dataDir,
        credentials: memoryCredentials(),
        config: declared,
        environment: {},
        log: (line) => log.push(line),
        demo: null,
        version: 'test',
      })
    },
    async stop() {
      await engine?.stop()
      engine = null
    },
    async settled(timeoutMs = 20_000) {
      const state = await running().api.wait.settled({ ruleId: null, timeoutMs })
      if (!state.settled)
        throw new Error(
          `Not settled: ${JSON.stringify(state)} ${JSON.stringify(
            running()
              .api.rules.list()
              .map((rule) => rule.links[0]?.state),
          )}`,
        )
    },
    async put(key, body = `content of ${key}`, more = {}) {
      const { VersionId } = await s3.a.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: body, ...more }))
      return VersionId ?? 'null'
    },
    async sides(bucket = 'data') {
      return { a: await history(s3.a, bucket), b: await history(s3.b, bucket) }
    },
    link(ruleId = 'r') {
      const link = running().api.rules.get({ id: ruleId }).links[0]
      if (link === undefined) throw new Error(`Rule ${ruleId} has no link.`)
      return link
    },
    async failures() {
      const asked = failureListInput.parse({ sort: 'firstFailedAt', descending: false, limit: 500 })
      return (await running().api.failures.list(asked)).rows
    },
  }
  onTestFailed(() => {
    failed = true
    process.stderr.write(`The world of this test is kept in ${temp.path}\n`)
  })
  onTestFinished(async () => {
    await world.stop()
    await Promise.all([a.close(), b.close()])
    if (!failed) await temp.remove()
  })
  if (options.stopped !== true) await world.start()
  return world
}

function declare(a: SandboxSite, b: SandboxSite, options: WorldOptions, more: Partial<ConfigInput> = {}): ConfigInput {
  const site = (id: string, { endpoint, accessKeyId, secretAccessKey }: SandboxSite): ConfigInput['sites'] => [
    { id, name: `Site ${id.toUpperCase()}`, endpoint, credentials: { accessKeyId, secretAccessKey } },
  ]
  const rule: RuleInput = {
    id: 'r',
    source: { site: 'a', bucket: 'data' },
    targets: [{ site: 'b', bucket: 'data' }],
    scanIntervalSeconds: 5,
  }
  return {
    version: 1,
    sites: [...site('a', a)!, ...site('b', b)!],
    rules: (options.rules ?? [{}]).map((one) => ({ ...rule, ...one })),
    ...options.config,
    ...more,
  }
}

export function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: SandboxSite): S3Client {
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  })
}

export async function createBucket(client: S3Client, bucket: string, objectLock = false): Promise<void> {
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: objectLock }))
  await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }))
}

/** What the checks of a rule write for a moment is nobody’s. */
async function history(client: S3Client, bucket: string): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: bucket }))
  const lines = [
    ...Versions.map((version) => ({
      key: version.Key!,
      at: version.LastModified!.getTime(),
      latest: version.IsLatest,
      text: `${version.Key} ${version.Size} ${version.ETag}`,
    })),
    ...DeleteMarkers.map((marker) => ({
      key: marker.Key!,
      at: marker.LastModified!.getTime(),
      latest: marker.IsLatest,
      text: `${marker.Key} marker`,
    })),
  ]
  // The SDK tells versions and markers apart and loses their common order: the latest first, then by time.
  return lines
    .filter(({ key }) => !key.startsWith('.lockstep-canary/'))
    .toSorted((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : Number(y.latest) - Number(x.latest) || y.at - x.at))
    .map(({ text }) => text)
}
