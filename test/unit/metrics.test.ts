import * as fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { WindowedSum } from '../../electron/engine/base/windowed-sum.ts'
import { RateBook } from '../../electron/engine/metrics/rates.ts'
import { downsample, type Sample } from '../../electron/engine/metrics/sample.ts'
import { watchEventLoop } from '../../electron/engine/metrics/event-loop.ts'
import { metricsText, type LinkMetrics } from '../../electron/engine/metrics/text.ts'

const ended: (() => void)[] = []
afterEach(() => {
  for (const end of ended.splice(0)) end()
})

test('a windowed sum holds exactly what was added in the slots of its window', () => {
  const step = fc.record({ laterMs: fc.integer({ min: 0, max: 4_000 }), amount: fc.integer({ min: 0, max: 100 }) })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const sum = new WindowedSum(10_000, 1000)
      const added: { slot: number; amount: number }[] = []
      let at = 1_700_000_000_123
      for (const { laterMs, amount } of steps) {
        at += laterMs
        sum.add(at, amount)
        added.push({ slot: Math.floor(at / 1000), amount })
      }
      const since = Math.floor(at / 1000) - 9
      const expected = added.filter((one) => one.slot >= since).reduce((all, one) => all + one.amount, 0)
      return sum.total(at) === expected
    }),
  )
})

test('a steady stream reads as its rate, and as 0 once it has stopped for the window', () => {
  const book = new RateBook()
  let at = 1_700_000_000_000
  for (let turn = 0; turn < 2_000; turn++, at += 10) {
    book.moved('r/0', 1_000, at)
    book.settled('r/0', at)
  }
  book.failed('r/0', at)
  const running = book.rates('r/0', at)
  expect(running.objectsPerSecond).toBeCloseTo(100, 0)
  expect(running.bytesPerSecond).toBeCloseTo(100_000, -3)
  expect(book.rates('r/0', at + 11_000)).toEqual({ objectsPerSecond: 0, bytesPerSecond: 0, failuresLastHour: 1 })
  expect(book.rates('r/0', at + 3_660_000).failuresLastHour).toBe(0)
  expect(book.takeCounts('r/0')).toEqual({ objects: 2_000, bytes: 2_000_000, failures: 1 })
  expect(book.takeCounts('r/0')).toEqual({ objects: 0, bytes: 0, failures: 0 })
})

test('bytes of a large object count while they move', () => {
  const book = new RateBook()
  const at = 1_700_000_000_000
  book.moved('r/0', 5_000_000, at)
  book.settled('r/0', at + 500)
  expect(book.takeCounts('r/0')).toEqual({ objects: 1, bytes: 5_000_000, failures: 0 })
})

function sampleAt(at: number, more: Partial<Sample> = {}): Sample {
  const full = { fullMs: 0, fullObjects: 0, fullBytes: 0 }
  const gauges = { backlogCount: 0, backlogBytes: 0, lagSeconds: 0, rttMs: null, ...full }
  return { linkId: '', at, spanMs: 5_000, objects: 0, bytes: 0, failures: 0, ...gauges, ...more }
}

test('a chart has at most its points, and neither a peak nor a failure is lost between them', () => {
  const samples = Array.from({ length: 720 }, (_, index) => sampleAt(index * 5_000, { objects: 50, bytes: 5_000 }))
  samples[317] = sampleAt(317 * 5_000, { backlogCount: 900, lagSeconds: 42, failures: 3, rttMs: 7 })
  const points = downsample(samples, 0, 3_600_000, 150)
  expect(points).toHaveLength(150)
  expect(Math.max(...points.map((point) => point.backlogCount))).toBe(900)
  expect(Math.max(...points.map((point) => point.lagSeconds))).toBe(42)
  expect(points.reduce((all, point) => all + point.failures, 0)).toBe(3)
  expect(points.find((point) => point.rttMs !== null)?.rttMs).toBe(7)
  expect(points[0]).toMatchObject({ objectsPerSecond: 10, bytesPerSecond: 1_000 })
})

test('a stretch in which the engine was off has no points', () => {
  const samples = [sampleAt(1_000), sampleAt(900_000)]
  expect(downsample(samples, 0, 900_000, 150).map((point) => point.at)).toEqual([1_000, 900_000])
})

test('an idle event loop reads as no delay, a blocked one as how long it was blocked', async () => {
  const gauge = watchEventLoop(0)
  ended.push(() => gauge.stop())
  const turns = async (count: number): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise((resume) => setTimeout(resume, 11))
  }
  await turns(5)
  const blockedUntil = performance.now() + 120
  while (performance.now() < blockedUntil);
  await turns(3)
  expect(gauge.p99Ms(1_000)).toBeGreaterThan(80)
  expect(gauge.p99Ms(10_000)).toBeGreaterThan(80)
  gauge.begin(10_001)
  expect(gauge.p99Ms(10_002)).toBe(0)
  await turns(5)
  expect(gauge.p99Ms(20_001)).toBeLessThan(80)
})

test('the text endpoint tells the engine, its links and its sites under MinIO’s names', () => {
  const link: LinkMetrics = {
    linkId: 'photos/0',
    sourceBucket: 'photos',
    targetBucket: 'photos-copy',
    endpoint: 'http://b.example:9000',
    backlogCount: 12,
    backlogBytes: 3_400,
    oldestPendingSeconds: 9,
    parked: 1,
    notConverging: 4,
    notKept: new Map([['sse-s3', 12]]),
    attributesAgeSeconds: 10_800,
    bucketsAgeSeconds: null,
    bucketDrifts: 0,
    inStep: false,
    heldSeconds: 60,
    isBacklogKnown: false,
    unknownSeconds: 30,
    eventsUnavailable: true,
    failuresLastHour: 2,
    sentCount: 100,
    sentBytes: 7_000,
    bytesPerSecond: 70,
    objectsPerSecond: 1,
  }
  const text = metricsText({
    version: '1.2.3',
    workers: { busy: 3, limit: 100 },
    eventLoopDelayP99Ms: 1.5,
    strayErrors: 2,
    held: [{ what: 'target', code: 'ACCESS_DENIED', siteId: 'b', linkIds: ['photos/0', 'odd'] }],
    links: [link, { ...link, linkId: 'odd"\\/0' }],
    sites: [
      {
        siteId: 'b',
        endpoint: 'http://b.example:9000',
        online: false,
        offlineSeconds: 8,
        downtimeSeconds: 20,
        rttMs: null,
        clockSkewSeconds: null,
      },
    ],
  })
  const labels = 'bucket="photos",targetArn="http://b.example:9000/photos-copy",link="photos/0"'
  expect(text).toContain(`# TYPE minio_bucket_replication_sent_bytes counter\n`)
  expect(text).toContain(`minio_bucket_replication_sent_bytes{${labels}} 7000\n`)
  expect(text).toContain(`lockstep_link_backlog_known{${labels}} 0\n`)
  expect(text).toContain('lockstep_held_links{by="target",code="ACCESS_DENIED",site="b"} 2\n')
  expect(text).toContain(String.raw`link="odd\"\\/0"`)
  expect(text).toContain(`lockstep_link_attributes_age_seconds{${labels}} 10800\n`)
  expect(text).toContain(`lockstep_link_not_kept_total{${labels},property="sse-s3"} 12\n`)
  expect(text).not.toContain('lockstep_link_buckets_age_seconds')
  expect(text).toContain('\nminio_node_replication_recent_backlog_count 24\n')
  expect(text).toContain('\nminio_node_replication_link_online{endpoint="http://b.example:9000",site="b"} 0\n')
  expect(text).not.toContain('current_link_latency_ms')
  const line = /^(?:# (?:HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(?:\{[^\n]+\})? -?[0-9.e+-]+)$/
  expect(
    text
      .trimEnd()
      .split('\n')
      .filter((one) => !line.test(one)),
  ).toEqual([])
})
