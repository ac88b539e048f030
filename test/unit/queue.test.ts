import { describe, expect, onTestFinished, test } from 'vitest'
import { fault } from '../../shared/model/fault.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { FairShare } from '../../electron/engine/queue/fair-share.ts'
import type { Lease, TaskQueue } from '../../electron/engine/queue/port.ts'
import { Recency } from '../../electron/engine/queue/known-absent.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'
import { linkIdentity } from '../support/link-identity.ts'
import { makeTempDir } from '../support/temp.ts'
import { WoundClock } from './site-clock.ts'

const plenty = { small: 1000, large: 1000, mrf: 1000 }
const done = { bytes: 1, learned: [], forgotten: [] }
const busy = fault('SERVER_ERROR', 'no')
const denied = fault('ACCESS_DENIED', 'no')

class World {
  readonly clock: WoundClock
  readonly journal: Journal
  readonly queue: TaskQueue
  readonly dir: string
  wakes = 0

  constructor(dir: string, clock: WoundClock) {
    this.dir = dir
    this.clock = clock
    this.journal = openJournal({ dir, now: clock.now, limits: { flushDelayMs: 0 } })
    this.queue = createQueue({
      tasks: this.journal.tasks,
      atOnce: this.journal.atOnce,
      now: clock.now,
      random: () => 0,
      timers: clock,
    })
    this.queue.onReady(() => void this.wakes++)
  }

  addLink(linkId: string, priority = 0): void {
    this.queue.addLink({ linkId, priority, sourceSite: 'a', targetSite: 'b' })
  }

  async enqueue(...tasks: readonly (Partial<NewTask> & { readonly key: string })[]): Promise<void> {
    const changedAt = this.clock.now()
    const usual = {
      linkId: 'r/0',
      versionId: 'v1',
      operation: 'put',
      sizeBytes: 1,
      changedAt,
      absentSeenAt: 0,
    } as const
    await this.queue.enqueue(tasks.map((task) => ({ ...usual, ...task })))
  }

  /** What can be had at this instant, after the mark of handed-out tasks had time to go up. */
  async lease(room = plenty): Promise<readonly Lease[]> {
    const early = this.queue.lease(room)
    if (early.length > 0) return early
    await this.journal.flush()
    return this.queue.lease(room)
  }

  async restart(): Promise<World> {
    this.queue.close()
    await this.journal.close()
    return new World(this.dir, this.clock)
  }

  /** Lets the listeners of this turn be told. */
  async turn(): Promise<void> {
    await this.clock.wind(0)
    await this.clock.wind(0)
  }
}

async function makeWorld(): Promise<World> {
  const temp = await makeTempDir('queue')
  const world = new World(temp.path, new WoundClock())
  world.addLink('r/0')
  onTestFinished(async () => {
    world.queue.close()
    await world.journal.close()
    await temp.remove()
  })
  return world
}

const keys = (leases: readonly Lease[]) => leases.map(({ task }) => task.key)
const versions = (leases: readonly Lease[]) => leases.map(({ task }) => `${task.key} ${task.versionId}`)

describe('order', () => {
  test('versions of one key go one at a time in their order, other keys go beside them', async () => {
    const world = await makeWorld()
    await world.enqueue(
      { key: 'a', versionId: '1' },
      { key: 'a', versionId: '2' },
      { key: 'b' },
      { key: 'a', versionId: '3' },
    )
    const order: string[] = []
    for (let leases = await world.lease(); leases.length > 0; leases = await world.lease()) {
      order.push(versions(leases).join(' + '))
      for (const lease of leases) await world.queue.ack(lease, done)
    }
    expect(order).toEqual(['a 1 + b v1', 'a 2', 'a 3'])
    expect(world.queue.idle()).toBe(true)
  })

  test('a delayed task holds back its key and nobody else; a parked one holds back nobody', async () => {
    const world = await makeWorld()
    await world.enqueue(
      { key: 'a', versionId: '1' },
      { key: 'a', versionId: '2' },
      { key: 'b', versionId: '1' },
      { key: 'b', versionId: '2' },
    )
    const [a, b] = await world.lease()
    await world.queue.nack(a!, busy)
    await world.queue.nack(b!, denied)
    expect(versions(await world.lease())).toEqual(['b 2'])
    expect(await world.lease()).toEqual([])
    await world.clock.wind(500)
    const due = await world.lease()
    expect(due.map(({ lane, task }) => [lane, task.versionId, task.attempts])).toEqual([['mrf', '1', 1]])
    await world.queue.ack(due[0]!, done)
    expect(versions(await world.lease())).toEqual(['a 2'])
  })

  test('ten thousand versions behind one key stay in the journal, and another key is found behind them', async () => {
    const world = await makeWorld()
    const many = Array.from({ length: 10_000 }, (_, at) => ({ key: 'hot', versionId: `${at}` }))
    await world.enqueue(...many, { key: 'cold' })
    const found: string[] = []
    for (let calls = 0; calls < 60 && found.length < 2; calls++) found.push(...versions(await world.lease()))
    expect(found).toEqual(['hot 0', 'cold v1'])
  })

  test('a version enqueued while it is leased is done again after the ack', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' })
    const [lease] = await world.lease()
    await world.enqueue({ key: 'a' })
    await world.queue.ack(lease!, done)
    expect(world.queue.idle('r/0')).toBe(false)
    const [again] = await world.lease()
    expect(again!.task).toMatchObject({ seq: lease!.task.seq, revision: 2 })
    await world.queue.ack(again!, done)
    expect(world.queue.idle('r/0')).toBe(true)
  })

  test('a lease ends once: what comes of it later changes nothing, also when its task is out again', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' })
    const [first] = await world.lease()
    world.queue.release(first!)
    const [second] = await world.lease()
    const { seq } = second!.task
    expect(await world.queue.ack(first!, done)).toBe(false)
    expect(await world.queue.nack(first!, denied)).toBe(false)
    world.queue.release(first!)
    expect([world.queue.isLeased(seq), world.queue.counts('r/0'), await world.lease()]).toEqual([
      true,
      { ready: 0, leased: 1 },
      [],
    ])
    const ended = world.queue.ack(second!, done)
    // Its end is being written down: no worker has it, and a retry leaves it alone all the same.
    expect([world.queue.isLeased(seq), await world.queue.retry({ seqs: [seq] }, 1)]).toEqual([false, []])
    expect(await ended).toBe(true)
    expect([world.queue.counts('r/0'), world.queue.idle()]).toEqual([{ ready: 0, leased: 0 }, true])
  })

  test('a task given back goes again at once, and no attempt is counted', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' }, { key: 'b' })
    const [a] = await world.lease({ small: 1, large: 0, mrf: 0 })
    world.queue.release(a!)
    world.queue.release(a!)
    await world.queue.ack(a!, done)
    const again = await world.lease()
    expect([keys(again), again[0]!.task.attempts, again[0]!.knownAbsent]).toEqual([['a', 'b'], 0, false])
  })
})

describe('lanes and shares', () => {
  test('large tasks start at once, however many small ones came before them', async () => {
    const world = await makeWorld()
    const small = Array.from({ length: 3000 }, (_, at) => ({ key: `${at}` }))
    await world.enqueue(...small, { key: 'large', sizeBytes: 134_217_728 })
    const leases = await world.lease({ small: 2, large: 2, mrf: 2 })
    expect(leases.map(({ lane, task }) => [lane, task.key])).toEqual([
      ['small', '0'],
      ['small', '1'],
      ['large', 'large'],
    ])
  })

  test('links share the workers by priority + 1, and one that was idle saves up no turns', async () => {
    const world = await makeWorld()
    world.addLink('s/0', 2)
    const of = (linkId: string, count: number) => Array.from({ length: count }, (_, at) => ({ linkId, key: `${at}` }))
    await world.enqueue(...of('r/0', 200), ...of('s/0', 200))
    const share = (leases: readonly Lease[]) => leases.filter(({ task }) => task.linkId === 's/0').length
    const first = await world.lease({ small: 80, large: 0, mrf: 0 })
    expect([first.length, share(first)]).toEqual([80, 60])
    world.queue.hold('s/0', 'operator')
    const alone = await world.lease({ small: 40, large: 0, mrf: 0 })
    world.queue.unhold('s/0', 'operator')
    const later = await world.lease({ small: 80, large: 0, mrf: 0 })
    // A third is no round number: the first turn of the line may fall to either.
    expect([share(alone), Math.abs(share(later) - 60) <= 1]).toEqual([0, true])
  })

  test('stride scheduling gives the weights exactly over a full turn', () => {
    const share = new FairShare()
    const links = [0, 1, 4].map((priority) => ({ linkId: `p${priority}`, priority }))
    const turns = Array.from({ length: 80 }, () => share.next(links)!.linkId)
    const count = (linkId: string) => turns.filter((each) => each === linkId).length
    expect([count('p0'), count('p1'), count('p4')]).toEqual([10, 20, 50])
    expect(share.next([])).toBeNull()
  })
})

describe('holding and removing', () => {
  test('a held link gathers tasks and hands out none until every reason is gone', async () => {
    const world = await makeWorld()
    for (const reason of ['site a', 'operator', 'operator']) world.queue.hold('r/0', reason)
    await world.enqueue({ key: 'a' })
    world.queue.unhold('r/0', 'operator')
    expect([await world.lease(), world.queue.counts('r/0')]).toEqual([[], { ready: 1, leased: 0 }])
    world.queue.unhold('r/0', 'site a')
    expect([keys(await world.lease()), world.queue.counts('r/0')]).toEqual([['a'], { ready: 0, leased: 1 }])
  })

  test('a link removed and added again hands out nothing that is out still', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' }, { key: 'b' })
    const [a] = await world.lease({ small: 1, large: 0, mrf: 0 })
    world.queue.removeLink('r/0')
    expect(await world.lease()).toEqual([])
    world.addLink('r/0')
    const [b, ...none] = await world.lease()
    expect([keys([b!]), none]).toEqual([['b'], []])
    await world.queue.ack(a!, done)
    await world.queue.ack(b!, done)
    expect(world.queue.idle()).toBe(true)
  })
})

describe('retry and time', () => {
  test('a retry resets attempts and goes at once, before later versions of its key', async () => {
    const world = await makeWorld()
    await world.journal.records.openLink(linkIdentity('r/0', 'r'))
    await world.enqueue({ key: 'a', versionId: '1' }, { key: 'a', versionId: '2' }, { key: 'b' })
    const [a, b] = await world.lease()
    await world.queue.nack(a!, denied)
    await world.queue.nack(b!, busy)
    const filter = { ruleId: 'r', linkId: null, state: null, code: null, operation: null, search: '' }
    expect((await world.queue.retry({ filter }, 100)).length).toBe(2)
    const leases = await world.lease()
    expect(leases.map(({ lane, task }) => [lane, task.key, task.versionId, task.attempts])).toEqual([
      ['small', 'a', '1', 0],
      ['small', 'b', 'v1', 0],
    ])
  })

  test('listeners are told once a turn: of new tasks, of a free key, of a due time, of the end of a hold', async () => {
    const world = await makeWorld()
    const wakesAfter = async (act: () => Promise<unknown>) => {
      await world.turn()
      world.wakes = 0
      await act()
      await world.turn()
      return world.wakes
    }
    const enqueued = await wakesAfter(() => Promise.all([world.enqueue({ key: 'a' }), world.enqueue({ key: 'b' })]))
    const [a, b] = await world.lease()
    const freed = await wakesAfter(() => Promise.all([world.queue.ack(a!, done), world.queue.nack(b!, busy)]))
    const early = await wakesAfter(() => world.clock.wind(499))
    const due = await wakesAfter(() => world.clock.wind(1))
    world.queue.hold('r/0', 'test')
    const unheld = await wakesAfter(async () => world.queue.unhold('r/0', 'test'))
    expect({ enqueued, freed, early, due, unheld }).toEqual({ enqueued: 1, freed: 1, early: 0, due: 1, unheld: 1 })
  })

  test('a retry that becomes due just after its lane was asked is told of, though nothing else happens', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' })
    const [a] = await world.lease()
    await world.queue.nack(a!, busy)
    await world.clock.wind(499)
    const only = (lane: keyof typeof plenty) => ({ small: 0, large: 0, mrf: 0, [lane]: 10 })
    expect(world.queue.lease(only('mrf'))).toEqual([])
    world.clock.setForward(1)
    world.wakes = 0
    expect(world.queue.lease(only('small'))).toEqual([])
    await expect.poll(() => world.wakes).toBe(1)
    expect(world.queue.lease(only('mrf')).map(({ task }) => task.key)).toEqual(['a'])
  })

  test('what is refused for good while it is offered anew is not parked: the newer change has not been tried', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' })
    const [put] = await world.lease()
    await world.enqueue({ key: 'a', operation: 'deleteVersion' })
    expect(await world.queue.nack(put!, denied)).toBe(false)
    const [purge] = await world.lease()
    expect(purge!.task).toMatchObject({ operation: 'deleteVersion', attempts: 1 })
    expect(await world.queue.nack(purge!, denied)).toBe(true)
    expect(await world.lease()).toEqual([])
  })

  test('a target leaves room for one whose link is still held', async () => {
    const world = await makeWorld()
    world.queue.addLink({ linkId: 'r/1', priority: 0, sourceSite: 'a', targetSite: 'c' })
    world.queue.hold('r/1', 'identity')
    await world.enqueue(...Array.from({ length: 10 }, (_, at) => ({ key: `${at}` })), { key: 'held', linkId: 'r/1' })
    await world.journal.flush()
    await expect.poll(() => world.queue.lease(plenty, 4).length).toBe(4)
    expect(world.queue.lease(plenty, 4)).toEqual([])
    world.queue.unhold('r/1', 'identity')
    expect(world.queue.lease(plenty, 4).map(({ task }) => task.key)).toEqual(['held'])
  })

  test('a restart keeps delayed, parked and leased tasks, and the time at which each is due', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' }, { key: 'b' }, { key: 'c' }, { key: 'b', versionId: 'v2' })
    const [a, b] = await world.lease()
    await world.queue.nack(a!, denied)
    await world.queue.nack(b!, busy)
    const later = await world.restart()
    later.addLink('r/0')
    expect(versions(await later.lease())).toEqual(['c v1'])
    await world.clock.wind(500)
    expect(versions(await later.lease())).toEqual(['b v1'])
    expect(later.journal.atOnce.totals('r/0')).toMatchObject({ backlogCount: 3, parked: 1 })
    later.queue.close()
    await later.journal.close()
  })
})

describe('known absent', () => {
  const seen = (world: World) => ({ absentSeenAt: world.clock.now() })
  const knownAbsent = (leases: readonly Lease[]) =>
    leases.map((lease) => [lease.task.key, lease.task.versionId, lease.knownAbsent])

  test('only the first task of its key since the scan looked is known absent, and only once', async () => {
    const world = await makeWorld()
    const sight = seen(world)
    await world.clock.wind(1)
    await world.enqueue(
      { key: 'a', ...sight, versionId: '1' },
      { key: 'a', ...sight, versionId: '2' },
      { key: 'b' },
      { key: 'c', ...sight },
    )
    const leases = await world.lease()
    expect(knownAbsent(leases)).toEqual([
      ['a', '1', true],
      ['b', 'v1', false],
      ['c', 'v1', true],
    ])
    world.queue.release(leases[2]!)
    await world.queue.ack(leases[0]!, done)
    expect(knownAbsent(await world.lease())).toEqual([
      ['c', 'v1', false],
      ['a', '2', false],
    ])
  })

  test('what a scan saw before the key was handed out is worth nothing, though it is enqueued after', async () => {
    const world = await makeWorld()
    const sight = seen(world)
    await world.clock.wind(1)
    await world.enqueue({ key: 'a', versionId: null })
    const [lease] = await world.lease()
    await world.queue.ack(lease!, done)
    await world.enqueue({ key: 'a', ...sight })
    expect(world.journal.atOnce.ready('r/0', 0, 9)[0]!.absentSeenAt).toBe(0)
    await world.clock.wind(1)
    await world.enqueue({ key: 'b', ...seen(world) })
    expect(knownAbsent(await world.lease())).toEqual([
      ['a', 'v1', false],
      ['b', 'v1', true],
    ])
  })

  test('what a scan saw while the key was handed out is worth nothing, though it is enqueued after the copy', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a', versionId: 'v1' })
    const [lease] = await world.lease()
    await world.clock.wind(1)
    const sight = seen(world)
    await world.clock.wind(1)
    await world.queue.ack(lease!, done)
    await world.enqueue({ key: 'a', versionId: 'v1', ...sight })
    expect(knownAbsent(await world.lease())).toEqual([['a', 'v1', false]])
  })

  test('after a restart nothing that waited is known absent, whatever the journal says of it, and what a scan sees from then on is', async () => {
    const world = await makeWorld()
    const sight = seen(world)
    await world.clock.wind(1)
    await world.enqueue(...Array.from({ length: 6000 }, (_, at) => ({ key: `${at}`, ...sight })))
    await world.lease({ small: 1, large: 0, mrf: 0 })
    await world.journal.flush()
    expect(world.journal.atOnce.handedOut()).toBe(5001)
    const later = await world.restart()
    later.addLink('r/0')
    await world.clock.wind(1)
    await later.enqueue({ key: 'new', ...seen(world) })
    await world.clock.wind(1)
    const found = new Map<string, boolean>()
    for (let calls = 0; calls < 200 && found.size < 6001; calls++) {
      for (const { task, knownAbsent } of await later.lease()) found.set(task.key, knownAbsent)
    }
    expect(found.size).toBe(6001)
    expect([...found].filter(([, isFresh]) => isFresh)).toEqual([['new', true]])
    later.queue.close()
    await later.journal.close()
  })

  test('no task is handed out before the mark that covers it is on disk', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a' })
    expect([world.queue.lease(plenty), world.journal.atOnce.handedOut()]).toEqual([[], 0])
    await world.journal.flush()
    expect([keys(world.queue.lease(plenty)), world.journal.atOnce.handedOut()]).toEqual([['a'], 5001])
  })

  test('a delete marker that comes along with another version has a task of its own that may have run, after a restart too', async () => {
    const world = await makeWorld()
    await world.enqueue({ key: 'a', versionId: 'younger' })
    const [younger] = await world.lease()
    const what = { operation: 'deleteMarker', sizeBytes: null, changedAt: 1, absentSeenAt: 0 } as const
    const elder = { linkId: 'r/0', key: 'a', versionId: 'elder', ...what }
    await world.queue.noteMarker(elder, 100)
    // Once more, as the next attempt does: what has become of the task meanwhile stays.
    await world.queue.enqueue([{ ...elder, operation: 'deleteVersion' }])
    await world.queue.noteMarker(elder, 200)
    await world.queue.ack(younger!, done)
    const [noted] = await world.lease()
    const task = { versionId: 'elder', operation: 'deleteVersion', marker: 200 }
    expect(noted).toMatchObject({ mayHaveRun: true, task })
    const restarted = await world.restart()
    restarted.addLink('r/0')
    expect(await restarted.lease()).toMatchObject([{ mayHaveRun: true, task }])
  })

  test('a key that was forgotten counts as handed out when the youngest forgotten one was', () => {
    const recency = new Recency(2)
    recency.note('r/0', 'a', 10)
    recency.note('r/0', 'b', 20)
    recency.note('r/0', 'a', 30)
    recency.note('r/0', 'c', 40)
    expect(['a', 'b', 'x'].map((key) => recency.untouchedSince('r/0', key, 20))).toEqual([false, false, false])
    expect(['a', 'b', 'x'].map((key) => recency.untouchedSince('r/0', key, 21))).toEqual([false, true, true])
  })
})
