import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { realTimers, type Timers } from '../../electron/engine/base/timers.ts'
import type { TaskQueue } from '../../electron/engine/queue/port.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'

/**
 * `journal-bench.ts [COUNT] [scan|events|markers]`: what the journal and the queue do with a backlog of that many tasks. Of markers
 * each is noted before it would be sent, as at a target that chooses their ids.
 */
const [count = '1000000', order = 'scan'] = process.argv.slice(2)
const linkId = 'bench/0'
const total = Number(count)
const inFlight = 100
const room = { small: inFlight, large: 10, mrf: 10 }

const dir = await mkdtemp(join(tmpdir(), 'lockstep-journal-bench-'))
const filling: Flushes = { wall: createHistogram(), processor: createHistogram() }
const draining: Flushes = { wall: createHistogram(), processor: createHistogram() }
try {
  await fill()
  await drain(Math.min(total, 200_000))
} finally {
  await rm(dir, { recursive: true, force: true })
}

interface Flushes {
  readonly wall: RecordableHistogram
  readonly processor: RecordableHistogram
}

/** How long each turn of the journal's own timer holds the thread: that is one flush. */
function timed(into: Flushes): Timers {
  return {
    after: (delayMs, call) =>
      realTimers.after(delayMs, () => {
        const from = performance.now()
        const before = process.threadCpuUsage()
        call()
        into.wall.record(Math.max(1, Math.round((performance.now() - from) * 1000)))
        const { user, system } = process.threadCpuUsage(before)
        into.processor.record(Math.max(1, user + system))
      }),
  }
}

function taskOf(index: number): NewTask {
  // A scan meets keys in order; events come in any: a multiplication by an odd number is an order that repeats no key.
  const name = order !== 'events' ? index : (index * 2_654_435_761) % 4_294_967_296
  return {
    linkId,
    key: `photos/2026/holiday/img-${String(name).padStart(10, '0')}.jpg`,
    versionId: `v${index.toString(36).padStart(31, '0')}`,
    operation: order === 'markers' ? 'deleteMarker' : 'put',
    sizeBytes: 4096,
    // An old bucket: times in no order.
    changedAt: 1_700_000_000_000 + ((index * 7919) % 1_000_000_007),
    absentSeenAt: Date.now(),
  }
}

async function fill(): Promise<void> {
  const journal = openJournal({ dir, now: Date.now, timers: timed(filling) })
  const batch = 1000
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  let underWay: Promise<unknown>[] = []
  for (let first = 0; first < total; first += batch) {
    underWay.push(
      journal.tasks.enqueue(Array.from({ length: Math.min(batch, total - first) }, (_, at) => taskOf(first + at))),
    )
    if (underWay.length < 8) continue
    await Promise.all(underWay)
    underWay = []
  }
  await Promise.all(underWay)
  tell('enqueue', rate(total, startedAt, cpu), flushes(filling))
  tell('memory', `${resident()} with ${total} tasks in the backlog`)
  tell('totals', `${timeOf(() => journal.atOnce.totals(linkId), 1000)} µs a read`)
  await journal.close()
}

async function drain(tasks: number): Promise<void> {
  const startedAt = performance.now()
  const journal = openJournal({ dir, now: Date.now, timers: timed(draining) })
  const queue = createQueue({ tasks: journal.tasks, atOnce: journal.atOnce, now: Date.now, random: Math.random })
  queue.addLink({ linkId, priority: 1, sourceSite: 'a', targetSite: 'b' })
  await firstLease(queue)
  tell('reopen', `${Math.round(performance.now() - startedAt)} ms to the first lease`)
  await settleAll(journal, queue, tasks)
  queue.close()
  await journal.close()
}

async function firstLease(queue: TaskQueue): Promise<void> {
  await new Promise<void>((resolve) => {
    let found = false
    const look = () => {
      if (found) return
      const leases = queue.lease({ small: 1, large: 0, mrf: 0 })
      found = leases.length > 0
      for (const lease of leases) queue.release(lease)
      if (found) resolve()
    }
    queue.onReady(look)
    look()
  })
}

/** Workers that take no time: every lease is acked in the turn in which it was given. */
async function settleAll(journal: Journal, queue: TaskQueue, tasks: number): Promise<void> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  const leasing = createHistogram()
  let out = 0
  let done = 0
  await new Promise<void>((resolve) => {
    const settle = async (lease: ReturnType<TaskQueue['lease']>[number]) => {
      out++
      if (order === 'markers') await queue.noteMarker(lease.task, Date.now())
      await queue.ack(lease, { bytes: 4096, learned: [], forgotten: [] })
      out--
      done++
      if (done === tasks) resolve()
    }
    const look = () => {
      const from = performance.now()
      const leases = queue.lease({ ...room, small: inFlight - out })
      leasing.record(Math.max(1, Math.round((performance.now() - from) * 1000)))
      for (const lease of leases) void settle(lease)
    }
    queue.onReady(look)
    look()
  })
  tell('lease+ack', rate(tasks, startedAt, cpu), flushes(draining), `lease p99 ${ms(leasing)} ms`)
  tell('left', `${journal.atOnce.totals(linkId).backlogCount} tasks, ${resident()}`)
}

function timeOf(act: () => unknown, times: number): string {
  const startedAt = performance.now()
  for (let turn = 0; turn < times; turn++) act()
  return (((performance.now() - startedAt) * 1000) / times).toFixed(1)
}

function ms(histogram: RecordableHistogram): string {
  return (histogram.percentile(99) / 1000).toFixed(1)
}

function flushes({ wall, processor }: Flushes): string {
  const [p50, max] = [wall.percentile(50), wall.max].map((micros) => (micros / 1000).toFixed(1))
  return `flush p50 ${p50} ms, p99 ${ms(wall)} ms (processor ${ms(processor)} ms), max ${max} ms`
}

/** The rate, and the processor time of one task: that one stays the same on a machine that has other work too. */
function rate(tasks: number, startedAt: number, before: NodeJS.CpuUsage): string {
  const { user, system } = process.cpuUsage(before)
  const perSecond = Math.round(tasks / ((performance.now() - startedAt) / 1000))
  return `${perSecond} tasks/s at ${((user + system) / tasks).toFixed(1)} µs of processor each`
}

function resident(): string {
  const { rss, heapUsed } = process.memoryUsage()
  return `${Math.round(rss / 1e6)} MB resident (${Math.round(heapUsed / 1e6)} MB of objects)`
}

function tell(what: string, ...values: readonly string[]): void {
  process.stdout.write(`${what.padEnd(10)} ${values.join('; ')}\n`)
}
