import { join } from 'node:path'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { expect } from 'vitest'
import { failureListInput } from '../../shared/api/inputs.ts'
import { configSchema } from '../../shared/model/config.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import type { Engine } from '../../electron/engine/composition/options.ts'
import { compareBuckets, type BucketDifference } from '../compare/compare-buckets.ts'
import { versionsByKey } from '../compare/list-versions.ts'
import { makeBucket } from '../support/buckets.ts'
import { startCephSite, type CephSite } from '../support/ceph.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { eventually } from '../support/eventually.ts'
import { clientKey, everythingKey, gatewayUrl } from '../support/gateway.ts'
import { bytesOf } from '../support/random.ts'
import { s3Client } from '../support/s3-site.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { makeTempDir } from '../support/temp.ts'
import {
  places,
  policies,
  type Cell,
  type Heard,
  type Look,
  type Place,
  type Policy,
  type Step,
  type Storm,
} from './fault-matrix-cells.ts'

const policyNames = Object.keys(policies) as Policy[]
/** More than the gateway reads before it sends anything on. */
const body = bytesOf(31, 1 << 20)
const parts = [bytesOf(32, 5 << 20), bytesOf(33, 70_000)] as const

/** Two real Ceph sites and an engine; between them a network that breaks on demand: at the source and at each of two targets. */
export interface MatrixWorld {
  /** What the cells take away or join is there, at all sites, before anything breaks. */
  prepare(cells: readonly Cell[]): Promise<void>
  breakOut(storm: Storm): Promise<void>
  act(cell: Cell): Promise<Heard>
  /** What each site has, asked of the sites themselves. */
  look(cell: Cell): Promise<Look>
  /** The network is well again; resolves when nothing is pending and every rule keeps its promise. No scan helps. */
  heal(): Promise<void>
  /** By the independent comparer: every version of every bucket, source against both targets. */
  differences(): Promise<readonly BucketDifference[]>
  close(): Promise<void>
}

export async function openMatrixWorld(): Promise<MatrixWorld> {
  const dir = await makeTempDir('matrix')
  const [source, target] = await Promise.all([
    startCephSite({ name: 'source', dir: join(dir.path, 'source') }),
    startCephSite({ name: 'target', dir: join(dir.path, 'target') }),
  ])
  const sites: Readonly<Record<Place, CephSite>> = { source, near: target, far: target }
  const proxies = await openProxies(sites)
  await forEachAtMost(4, policyNames, async (policy) => {
    for (const place of places) await makeBucket(s3Client(sites[place]), bucketAt(place, policy))
  })
  const engine = await startEngineBetween(sites, proxies, join(dir.path, 'data'))
  const uploads = new Map<string, Upload>()
  let storm: Storm = {}
  return {
    async prepare(cells) {
      await forEachAtMost(6, cells, (cell) => prepareCell(engine, cell, uploads))
      await untilAtRest(engine)
    },
    async breakOut(wanted) {
      storm = wanted
      for (const place of places) if (storm[place] !== undefined) await breakAt(proxies[place], storm[place])
    },
    act: (cell) => act(engine, cell, uploads),
    look: (cell) => look(sites, cell),
    async heal() {
      await probeStorm(engine, storm)
      for (const place of places) await proxies[place].clearUp()
      await untilAtRest(engine)
    },
    differences: () => differencesBetween(sites),
    async close() {
      await engine.stop()
      await Promise.all([...Object.values(proxies).map((proxy) => proxy.close()), source.stop(), target.stop()])
      await dir.remove()
    },
  }
}

const bucketAt = (place: Place, policy: Policy): string => (place === 'far' ? `${policy}-far` : policy)

async function openProxies(sites: Readonly<Record<Place, CephSite>>): Promise<Readonly<Record<Place, TcpProxy>>> {
  const [source, near, far] = await Promise.all(places.map((place) => TcpProxy.open(sites[place].endpoint)))
  return { source: source!, near: near!, far: far! }
}

function startEngineBetween(
  sites: Readonly<Record<Place, CephSite>>,
  proxies: Readonly<Record<Place, TcpProxy>>,
  dataDir: string,
): Promise<Engine> {
  const config = configSchema.parse({
    version: 1,
    sites: places.map((place) => {
      const { region, accessKeyId, secretAccessKey } = sites[place]
      const { endpoint } = proxies[place]
      return { id: place, name: place, endpoint, region, credentials: { accessKeyId, secretAccessKey } }
    }),
    rules: policyNames.map((policy) => ({
      id: policy,
      source: { site: 'source', bucket: policy },
      targets: (['near', 'far'] as const).map((site) => ({ site, bucket: bucketAt(site, policy) })),
      deleteBrake: null,
      overwriteBrake: null,
      scanIntervalSeconds: 604_800,
      ack: policies[policy],
    })),
    gateway: { site: 'source', listen: '127.0.0.1:0', keys: [everythingKey] },
  })
  return startEngine({
    dataDir,
    config,
    credentials: memoryCredentials(),
    environment: {},
    log: () => undefined,
    demo: null,
    version: 'test',
    // A silent site is given up sooner than usual, and what failed is tried again soon: the matrix is large.
    timeouts: { connectMs: 2_000, responseMs: 3_000, completeMs: 3_000, stallMs: 3_000 },
    retry: { baseDelayMs: 200, maxDelayMs: 1_000 },
  })
}

async function breakAt(proxy: TcpProxy, step: Step): Promise<void> {
  switch (step) {
    case 'refuses':
      return proxy.turnOff()
    case 'cuts':
      return proxy.setWeather({ cutRequests: true })
    case 'loses answers':
      return proxy.setWeather({ loseAnswers: true })
    case 'hangs':
      return proxy.setWeather({ blackhole: true })
  }
}

/** A breaker that tasks opened and no probe did holds for long, the second time: here it shall see what they saw. */
async function probeStorm({ api }: Engine, storm: Storm): Promise<void> {
  const struck = places.filter((place) => storm[place] !== undefined && storm[place] !== 'hangs')
  await Promise.all(struck.map((id) => api.sites.probe({ id }).catch(() => undefined)))
}

interface Upload {
  readonly UploadId: string | undefined
  readonly Parts: readonly CompletedPart[]
}

/** Remembers what the answer said of acknowledgements: the SDK shows it to nobody. */
class ListeningHandler extends NodeHttpHandler {
  acks: string | null = null

  override async handle(...args: Parameters<NodeHttpHandler['handle']>): ReturnType<NodeHttpHandler['handle']> {
    const answered = await super.handle(...args)
    this.acks = answered.response.headers['x-lockstep-acks'] ?? null
    return answered
  }
}

/** The SDK as it comes, but for repeating by itself. */
function newClient(engine: Engine, requestHandler = new ListeningHandler({ requestTimeout: 60_000 })): S3Client {
  return new S3Client({
    endpoint: gatewayUrl(engine.api),
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: clientKey,
    maxAttempts: 1,
    requestHandler,
  })
}

async function prepareCell(
  engine: Engine,
  { operation, policy, keys }: Cell,
  uploads: Map<string, Upload>,
): Promise<void> {
  const client = newClient(engine)
  if (operation.startsWith('delete'))
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: policy, Key, Body: `before ${Key}` }))
  if (operation === 'complete') {
    const upload = { Bucket: policy, Key: keys[0]! }
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload))
    const Parts: CompletedPart[] = []
    for (const [index, Body] of parts.entries()) {
      const PartNumber = index + 1
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body }))
      Parts.push({ PartNumber, ETag })
    }
    uploads.set(`${policy}/${upload.Key}`, { UploadId, Parts })
  }
  client.destroy()
}

async function act(engine: Engine, cell: Cell, uploads: ReadonlyMap<string, Upload>): Promise<Heard> {
  const listener = new ListeningHandler({ requestTimeout: 60_000 })
  const client = newClient(engine, listener)
  const told = await send(client, cell, uploads).then(
    () => ({ answer: '200', message: '' }),
    (error: unknown) => ({ answer: nameOf(error), message: error instanceof Error ? error.message : '' }),
  )
  const { degraded } = engine.api.rules.get({ id: cell.policy })
  client.destroy()
  return { ...told, acks: listener.acks, degraded: degraded !== null }
}

const nameOf = (error: unknown): string =>
  error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)

async function send(
  client: S3Client,
  { operation, policy, keys }: Cell,
  uploads: ReadonlyMap<string, Upload>,
): Promise<void> {
  const where = { Bucket: policy, Key: keys[0]! }
  switch (operation) {
    case 'put':
    case 'small put':
      await client.send(new PutObjectCommand({ ...where, Body: operation === 'put' ? body : 'a small body' }))
      return
    case 'delete':
      await client.send(new DeleteObjectCommand(where))
      return
    case 'delete two': {
      const Objects = keys.map((Key) => ({ Key }))
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: policy, Delete: { Objects } }))
      expect(Errors).toEqual([])
      return
    }
    case 'complete': {
      const { UploadId, Parts } = uploads.get(`${policy}/${where.Key}`)!
      await client.send(
        new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts: [...Parts] } }),
      )
    }
  }
}

async function look(sites: Readonly<Record<Place, CephSite>>, { policy, keys }: Cell): Promise<Look> {
  const at = (place: Place): Promise<readonly string[]> =>
    Promise.all(keys.map((key) => sequenceAt(sites[place], bucketAt(place, policy), key)))
  const [source, near, far] = await Promise.all(places.map(at))
  return { source: source!, near: near!, far: far! }
}

async function sequenceAt(site: CephSite, bucket: string, key: string): Promise<string> {
  for await (const found of versionsByKey({ site, bucket }, key))
    if (found.key === key) return found.versions.map(({ kind }) => kind).join(' ')
  return ''
}

async function untilAtRest({ api }: Engine): Promise<void> {
  await eventually(
    async () => {
      // What its client was answered for without waiting may be parked only afterwards.
      const parked = (await api.failures.list(failureListInput.parse({ filter: { state: 'parked' } }))).rows
      if (parked.length > 0) await api.failures.retry({ seqs: parked.map(({ seq }) => seq) })
      const rules = api.rules.list()
      const pending = rules.flatMap(({ links }) => links.map(({ backlogCount, parked: aside }) => backlogCount + aside))
      expect({
        sites: api.sites.list().map(({ health }) => health.state),
        pending: pending.filter((count) => count > 0),
        degraded: rules.filter(({ degraded }) => degraded !== null).map(({ id }) => id),
      }).toEqual({ sites: places.map(() => 'online'), pending: [], degraded: [] })
    },
    { withinMs: 90_000 },
  )
}

async function differencesBetween(sites: Readonly<Record<Place, CephSite>>): Promise<readonly BucketDifference[]> {
  const found: BucketDifference[] = []
  for (const policy of policyNames)
    for (const place of ['near', 'far'] as const) {
      const sides = (['source', place] as const).map((side) => ({ site: sites[side], bucket: bucketAt(side, policy) }))
      found.push(...(await compareBuckets(sides[0]!, sides[1]!)).differences)
    }
  return found.filter(({ key }) => !key.startsWith('.lockstep-canary/'))
}
