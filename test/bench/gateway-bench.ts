import { join } from 'node:path'
import type { RuleInput } from '../../shared/model/rule.ts'
import { siteSchema } from '../../shared/model/site.ts'
import type { ObjectStore } from '../../electron/engine/store/port.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { makeBucket } from '../support/buckets.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { plainVersion } from '../support/new-version.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { bytesOf } from '../support/random.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { clientKey, configFor, ruleFor, type SitePair } from './bench-config.ts'
import { usageOf } from './process-usage.ts'
import { median, percentile } from './statistics.ts'
import type { Row } from './table.ts'

export interface GatewayBench extends SitePair {
  readonly dir: string
  readonly quick: boolean
}

const bucket = 'gateway'
const small = 4096
const large = 64 << 20

/** The same lean client directly at the site and through the gateway, in turns: what the gateway adds, and what it keeps. */
export async function measureGateway(bench: GatewayBench): Promise<readonly Row[]> {
  await makeBucket(s3Client(bench.source), bucket)
  const lockstep = await startLockstep({
    dir: join(bench.dir, 'gateway'),
    config: configFor(bench, { gateway: true }),
  })
  try {
    const direct = clientOf(bench.source)
    const through = clientOf(throughGateway(lockstep, bench.source))
    const rows = [
      ...(await addedLatency(direct, through, bench.quick)),
      ...(await throughput(direct, through, bench.quick)),
    ]
    direct.close()
    through.close()
    await lockstep.stop()
    return [...rows, ...(await synchronousPut(bench)), ...(await memoryOfManyPuts(bench))]
  } finally {
    await lockstep.kill9()
  }
}

/** One request at a time, direct and through by turns: the differences of the medians and of the 99th percentiles. */
async function addedLatency(direct: ObjectStore, through: ObjectStore, quick: boolean): Promise<readonly Row[]> {
  const turns = quick ? 300 : 2000
  const body = bytesOf(1, small)
  const rows: Row[] = []
  for (const [what, once] of [
    ['put', (store: ObjectStore, index: number) => put(store, `small-${index % 100}`, body)],
    ['get', (store: ObjectStore, index: number) => get(store, `small-${index % 100}`)],
  ] as const) {
    const times: { readonly direct: number[]; readonly through: number[] } = { direct: [], through: [] }
    for (let turn = -50; turn < turns; turn++) {
      const order = turn % 2 === 0 ? (['direct', 'through'] as const) : (['through', 'direct'] as const)
      for (const way of order) {
        const startedAt = performance.now()
        await once(way === 'direct' ? direct : through, Math.abs(turn))
        // The first ones open connections and warm up both programs.
        if (turn >= 0) times[way].push(performance.now() - startedAt)
      }
    }
    for (const [name, share, aimMs] of [
      ['p50', 0.5, 1],
      ['p99', 0.99, 5],
    ] as const) {
      const [with_, without] = [percentile(times.through, share), percentile(times.direct, share)]
      rows.push({
        what: `gateway: ${what} of 4 KiB, added ${name}`,
        lockstep: `${(with_ - without).toFixed(2)} ms`,
        beside: `direct ${without.toFixed(2)} ms`,
        ratio: with_ / without,
        aim: `≤ ${aimMs} ms`,
        reached: with_ - without <= aimMs,
      })
    }
  }
  return rows
}

async function throughput(direct: ObjectStore, through: ObjectStore, quick: boolean): Promise<readonly Row[]> {
  const rounds = quick ? 2 : 5
  const bodies = { small: bytesOf(1, small), large: bytesOf(2, large) }
  const loads = [
    { what: 'put of 4 KiB, 32 at a time', unit: 'objects/s', amount: quick ? 500 : 2000, at: 32, act: putSmall },
    { what: 'get of 4 KiB, 32 at a time', unit: 'objects/s', amount: quick ? 500 : 2000, at: 32, act: getSmall },
    { what: 'put of 64 MiB, 4 at a time', unit: 'MB/s', amount: quick ? 4 : 8, at: 4, act: putLarge },
    { what: 'get of 64 MiB, 4 at a time', unit: 'MB/s', amount: quick ? 4 : 8, at: 4, act: getLarge },
  ] as const
  function putSmall(store: ObjectStore, index: number): Promise<unknown> {
    return put(store, `small-${index % 100}`, bodies.small)
  }
  function getSmall(store: ObjectStore, index: number): Promise<unknown> {
    return get(store, `small-${index % 100}`)
  }
  function putLarge(store: ObjectStore, index: number): Promise<unknown> {
    return put(store, `large-${index % 4}`, bodies.large)
  }
  function getLarge(store: ObjectStore, index: number): Promise<unknown> {
    return get(store, `large-${index % 4}`)
  }
  const rows: Row[] = []
  for (const { what, unit, amount, at, act } of loads) {
    const seconds: { readonly direct: number[]; readonly through: number[] } = { direct: [], through: [] }
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? (['direct', 'through'] as const) : (['through', 'direct'] as const)
      for (const way of order) {
        const startedAt = performance.now()
        await forEachAtMost(at, Array.from({ length: amount }).keys(), async (index) => {
          await act(way === 'direct' ? direct : through, index)
        })
        seconds[way].push((performance.now() - startedAt) / 1000)
      }
    }
    const perSecond = (way: 'direct' | 'through'): string =>
      `${((amount * (unit === 'MB/s' ? large / 1e6 : 1)) / median(seconds[way])).toFixed(0)} ${unit}`
    const ratio = median(seconds.direct.map((direct_, round) => direct_ / seconds.through[round]!))
    rows.push({
      what: `gateway: ${what}`,
      lockstep: perSecond('through'),
      beside: `direct ${perSecond('direct')}`,
      ratio,
      aim: '≥ 0.9×',
      reached: ratio >= 0.9,
    })
  }
  return rows
}

/** Policy `all`, one target behind a network of 10 ms round trip: as slow as the slower site, not as both. */
async function synchronousPut(bench: GatewayBench): Promise<readonly Row[]> {
  const far = await TcpProxy.open(bench.target.endpoint)
  far.setWeather({ delayMs: 5 })
  const target = { ...bench.target, endpoint: far.endpoint }
  const name = 'synchronous'
  for (const site of [bench.source, bench.target]) await makeBucket(s3Client(site), name)
  const rule: RuleInput = ruleFor(name, name, {
    scanIntervalSeconds: 3600,
    ack: { policy: 'all', timeoutMs: 30_000, onTimeout: 'fail' },
  })
  const config = configFor({ source: bench.source, target }, { gateway: true, rules: [rule] })
  const lockstep = await startLockstep({ dir: join(bench.dir, name), config })
  try {
    const ways = {
      source: clientOf(bench.source),
      target: clientOf(target),
      through: clientOf(throughGateway(lockstep, bench.source)),
    }
    const times = { source: [] as number[], target: [] as number[], through: [] as number[] }
    const body = bytesOf(3, small)
    for (let turn = -20; turn < (bench.quick ? 50 : 300); turn++) {
      for (const way of ['source', 'target', 'through'] as const) {
        const startedAt = performance.now()
        // Each key once: while much is overwritten, writes go after the source, so that the brake sees what they put out of use.
        await put(ways[way], `${way}-${turn + 20}`, body, name)
        if (turn >= 0) times[way].push(performance.now() - startedAt)
      }
    }
    for (const store of Object.values(ways)) store.close()
    await lockstep.stop()
    const slower = Math.max(median(times.source), median(times.target))
    const ratio = median(times.through) / slower
    return [
      {
        what: 'gateway: put with policy all, target 10 ms away, p50',
        lockstep: `${median(times.through).toFixed(1)} ms`,
        beside: `source ${median(times.source).toFixed(1)} ms, target ${median(times.target).toFixed(1)} ms`,
        ratio,
        aim: '≤ 1.1× the slower',
        reached: ratio <= 1.1,
      },
    ]
  } finally {
    await lockstep.kill9()
    await far.close()
  }
}

/** Into a site on disk: two in-memory sites would not hold as much. */
async function memoryOfManyPuts(bench: GatewayBench): Promise<readonly Row[]> {
  const atOnce = bench.quick ? 50 : 200
  const site = await startSandboxProcess(join(bench.dir, 'many'), 'mints')
  await makeBucket(s3Client(site), bucket, { versioning: 'none' })
  const config = configFor({ source: site, target: bench.target }, { gateway: true })
  const lockstep = await startLockstep({ dir: join(bench.dir, 'many-engine'), config })
  try {
    const store = clientOf(throughGateway(lockstep, site), atOnce)
    const body = bytesOf(4, large)
    const before = usageOf(lockstep.ready.pid).peakRssBytes
    // Few keys: each put replaces the one before, so that the disk need not hold them all.
    await forEachAtMost(atOnce, Array.from({ length: atOnce }).keys(), async (index) => {
      await put(store, `many-${index % 8}`, body)
    })
    const peak = usageOf(lockstep.ready.pid).peakRssBytes
    store.close()
    await lockstep.stop()
    return [
      {
        what: `gateway: peak memory of ${atOnce} puts of 64 MiB at a time`,
        lockstep: `${(peak / 1e6).toFixed(0)} MB`,
        beside: `idle ${(before / 1e6).toFixed(0)} MB`,
        aim: '≤ 400 MB',
        reached: peak <= 400e6,
      },
    ]
  } finally {
    await lockstep.kill9()
    await site.stop()
  }
}

function throughGateway(lockstep: Lockstep, site: SiteAccess): SiteAccess {
  const endpoint = lockstep.ready.gateway
  if (endpoint === null) throw new Error('the gateway does not listen')
  return { endpoint, region: site.region, ...clientKey }
}

function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: SiteAccess, sockets = 64): ObjectStore {
  const site = siteSchema.parse({ id: 'client', name: 'client', endpoint, region })
  return createStore({ site, keys: { accessKeyId, secretAccessKey }, sockets })
}

function put(store: ObjectStore, key: string, body: Uint8Array, into = bucket): Promise<unknown> {
  // Every client says what it sends; without a type each site would choose its own.
  const version = { ...plainVersion(into, key), content: { contentType: 'application/octet-stream' } }
  return store.put(version, { sizeBytes: body.length, body })
}

async function get(store: ObjectStore, key: string): Promise<void> {
  const opened = await store.get({ bucket, key })
  if (opened === null) throw new Error(`${key} is not there`)
  await opened.body.pump(() => undefined)
}
