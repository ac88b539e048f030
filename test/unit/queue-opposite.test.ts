import { describe, expect, onTestFinished, test } from 'vitest'
import { fault } from '../../shared/model/fault.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { Lease, TaskQueue } from '../../electron/engine/queue/port.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'
import { WoundClock } from './site-clock.ts'

const plenty = { small: 1000, large: 1000, mrf: 1000 }
const done = { bytes: 1, learned: [], forgotten: [] }
const busy = fault('SERVER_ERROR', 'no')
const denied = fault('ACCESS_DENIED', 'no')
const way = { from: 'a/data', to: 'b/data' }
const ways = { there: way, back: { from: way.to, to: way.from }, aside: { from: way.from, to: 'c/data' } } as const
type LinkId = keyof typeof ways

/** Two links of one pair of buckets, one each way, and a third that has to do with neither. */
class World {
  readonly clock = new WoundClock()
  journal: Journal
  queue: TaskQueue
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    ;[this.journal, this.queue] = this.#open()
  }

  async put(linkId: LinkId, key: string, operation: NewTask['operation'], versionId: string): Promise<void> {
    const usual = { sizeBytes: 1, changedAt: this.clock.now(), absentSeenAt: 0 }
    await this.queue.enqueue([{ linkId, key, operation, versionId, ...usual }])
  }

  async lease(): Promise<readonly Lease[]> {
    const early = this.queue.lease(plenty)
    if (early.length > 0) return early
    await this.journal.flush()
    return this.queue.lease(plenty)
  }

  async close(): Promise<void> {
    this.queue.close()
    await this.journal.close()
  }

  async restart(): Promise<void> {
    await this.close()
    ;[this.journal, this.queue] = this.#open()
  }

  #open(): [Journal, TaskQueue] {
    const journal = openJournal({ dir: this.#dir, now: this.clock.now, limits: { flushDelayMs: 0 } })
    const queue = createQueue({
      tasks: journal.tasks,
      atOnce: journal.atOnce,
      now: this.clock.now,
      random: () => 0,
      timers: this.clock,
    })
    for (const linkId of Object.keys(ways) as LinkId[])
      queue.addLink({ linkId, priority: 0, sourceSite: 'a', targetSite: 'b', way: ways[linkId] })
    return [journal, queue]
  }
}

async function makeWorld(): Promise<World> {
  const temp = await makeTempDir('opposite')
  const world = new World(temp.path)
  onTestFinished(async () => {
    await world.close()
    await temp.remove()
  })
  return world
}

const names = (leases: readonly Lease[]) => leases.map(({ task }) => `${task.linkId} ${task.key} ${task.versionId}`)

describe('of two links of opposite ways', () => {
  test('a delete waits for what the other does with its key, and nothing else does', async () => {
    const world = await makeWorld()
    await world.put('there', 'k', 'put', '1')
    const [first] = await world.lease()
    await world.put('back', 'k', 'deleteMarker', '2')
    await world.put('back', 'other', 'deleteMarker', '3')
    await world.put('aside', 'k', 'deleteMarker', '4')
    expect(names(await world.lease())).toEqual(['back other 3', 'aside k 4'])
    expect(await world.lease()).toEqual([])
    await world.queue.ack(first!, done)
    expect(names(await world.lease())).toEqual(['back k 2'])
    await world.put('there', 'k', 'put', '5')
    expect(await world.lease()).toEqual([])
  })

  test('copies of one key run beside each other', async () => {
    const world = await makeWorld()
    await world.put('there', 'k', 'put', '1')
    await world.put('back', 'k', 'put', '2')
    expect(names(await world.lease())).toEqual(['there k 1', 'back k 2'])
  })

  test.each([
    ['was given back', (world: World, lease: Lease) => Promise.resolve(world.queue.release(lease))],
    ['failed', (world: World, lease: Lease) => world.queue.nack(lease, busy)],
    ['was with a worker when the engine died', (world: World) => world.restart()],
  ] as const)('a delete waits for an earlier one that %s, as long as that may go on', async (_, end) => {
    const world = await makeWorld()
    await world.put('there', 'k', 'deleteMarker', '1')
    const [first] = await world.lease()
    await world.put('back', 'k', 'deleteMarker', '2')
    await end(world, first!)
    await world.clock.wind(1)
    const again = await world.lease()
    expect(names(again)).not.toContain('back k 2')
    world.queue.hold('there', 'test')
    for (const lease of again) world.queue.release(lease)
    expect(names(await world.lease())).toEqual(['back k 2'])
  })

  test('a delete does not wait for an earlier one that has not begun, nor for one that failed for good', async () => {
    const world = await makeWorld()
    world.queue.hold('there', 'test')
    await world.put('there', 'k', 'deleteMarker', '1')
    await world.put('back', 'k', 'deleteMarker', '2')
    const [late] = await world.lease()
    expect(names([late!])).toEqual(['back k 2'])
    world.queue.unhold('there', 'test')
    expect(await world.lease()).toEqual([])
    await world.queue.ack(late!, done)
    const [first] = await world.lease()
    expect(names([first!])).toEqual(['there k 1'])
    await world.put('back', 'k', 'deleteMarker', '3')
    await world.queue.nack(first!, denied)
    expect(names(await world.lease())).toEqual(['back k 3'])
  })
})

test.each([1, 2, 3])(
  'whatever happens, no delete runs beside another task of its key, and all come to an end (seed %i)',
  async (seed) => {
    const random = new Random(seed)
    const world = await makeWorld()
    let leases: Lease[] = []
    const take = async (): Promise<void> => {
      leases.push(...(await world.lease()))
      for (const one of leases)
        for (const other of leases) {
          const { task } = one
          if (task.linkId !== 'there' || other.task.linkId !== 'back' || task.key !== other.task.key) continue
          expect([task.operation, other.task.operation]).toEqual(['put', 'put'])
        }
    }
    const end = async (lease: Lease): Promise<void> => {
      const how = random.next()
      if (how < 0.6) await world.queue.ack(lease, done)
      else if (how < 0.8) await world.queue.nack(lease, busy)
      else if (how < 0.85) await world.queue.nack(lease, denied)
      else world.queue.release(lease)
    }
    for (let step = 0; step < 400; step++) {
      const linkId = random.pick(['there', 'back'] as const)
      const what = random.next()
      if (what < 0.4)
        await world.put(linkId, `k${random.int(0, 3)}`, random.pick(['put', 'deleteMarker'] as const), `v${step}`)
      else if (what < 0.65) await take()
      else if (what < 0.9 && leases.length > 0) await end(leases.splice(random.int(0, leases.length - 1), 1)[0]!)
      else if (what < 0.93) world.queue.hold(linkId, 'test')
      else if (what < 0.97) world.queue.unhold(linkId, 'test')
      else if (what < 0.98) {
        leases = []
        await world.restart()
      } else await world.clock.wind(random.int(1, 3000))
    }
    for (const linkId of ['there', 'back']) world.queue.unhold(linkId, 'test')
    for (let round = 0; round < 2000 && !world.queue.idle(); round++) {
      for (const lease of leases.splice(0)) await world.queue.ack(lease, done)
      await take()
      if (leases.length === 0) await world.clock.wind(700_000)
    }
    expect(world.queue.idle()).toBe(true)
  },
)
