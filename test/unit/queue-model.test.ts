import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import type { Lease, TaskQueue } from '../../electron/engine/queue/port.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'
import { makeTempDir } from '../support/temp.ts'
import { chance, permanent, QueueModel, transient } from './queue-model.ts'
import { WoundClock } from './site-clock.ts'

const links = ['r/0', 's/0']
const plenty = { small: 1000, large: 1000, mrf: 1000 }
/** So small that every limit of the window is met within a dozen tasks. */
const limits = { page: 3, most: 3, least: 2 }

type Step =
  | { readonly kind: 'enqueue'; readonly tasks: readonly Pick<NewTask, 'linkId' | 'key' | 'versionId' | 'sizeBytes'>[] }
  | { readonly kind: 'seen-absent'; readonly linkId: string; readonly key: string; readonly versionId: string }
  | { readonly kind: 'lease'; readonly small: number; readonly large: number; readonly mrf: number }
  | { readonly kind: 'ack' | 'fail' | 'refuse' | 'release'; readonly pick: number }
  | { readonly kind: 'hold' | 'unhold' | 'remove' | 'add' | 'retry-link'; readonly linkId: string }
  | { readonly kind: 'retry-one' | 'claim'; readonly pick: number }
  | { readonly kind: 'wind'; readonly ms: number }
  | { readonly kind: 'restart' }

const linkId = fc.constantFrom(...links)
const key = fc.constantFrom('a', 'b', 'c')
const pick = fc.nat(20)
const newTask = fc.record({
  linkId,
  key,
  versionId: fc.constantFrom(null, 'v1', 'v2', 'v3'),
  sizeBytes: fc.constantFrom(10, 10, 1 << 28),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('enqueue' as const),
      tasks: fc.array(newTask, { minLength: 1, maxLength: 20 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('seen-absent' as const),
      linkId,
      key,
      versionId: fc.constantFrom('v1', 'v4'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('lease' as const), small: fc.nat(3), large: fc.nat(2), mrf: fc.nat(2) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('ack' as const, 'ack' as const, 'fail' as const, 'refuse' as const, 'release' as const),
      pick,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'hold' as const,
        'unhold' as const,
        'remove' as const,
        'add' as const,
        'retry-link' as const,
      ),
      linkId,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry-one' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('claim' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wind' as const), ms: fc.constantFrom(1, 400, 3000) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
)

/** The queue on a real journal beside its model; every lease is checked against the model as it is given. */
class World {
  readonly model = new QueueModel()
  readonly clock = new WoundClock()
  readonly #dir: string
  #journal: Journal
  #queue: TaskQueue
  #leases: Lease[] = []

  constructor(dir: string) {
    this.#dir = dir
    ;[this.#journal, this.#queue] = this.#start()
  }

  async take(what: Step): Promise<void> {
    await this.#act(what)
    await this.#journal.flush()
  }

  /** Everything that may go goes, one after the other, until the journal is empty but for what is parked. */
  async drain(): Promise<void> {
    for (const linkId of links) {
      await this.#act({ kind: 'add', linkId })
      await this.#act({ kind: 'unhold', linkId })
    }
    for (let round = 0; round < 300 && !this.#isDrained(); round++) {
      for (let calls = 0; calls < 4; calls++) this.#lease(plenty)
      while (this.#leases.length > 0) await this.#act({ kind: 'ack', pick: 0 })
      await this.clock.wind(round % 10 === 9 ? 600_000 : 20)
    }
    const pending = [...this.model.tasks.values()].filter((task) => task.state !== 'parked')
    expect(pending).toEqual([])
    expect(this.#queue.idle()).toBe(true)
  }

  /** After enough turns nothing that may go is left behind. */
  async leaseAll(): Promise<void> {
    for (let calls = 0; calls < 40; calls++) {
      this.#lease(plenty)
      await this.clock.wind(1)
      await this.#journal.flush()
    }
    this.#wake()
    const overslept = [...this.model.tasks.values()].filter(
      ({ state, dueAt }) => state === 'lingering' && dueAt < this.clock.now() - 20,
    )
    expect(overslept).toEqual([])
    expect(this.model.eligible(this.clock.now())).toEqual([])
  }

  expectTheSameTasks(): void {
    for (const task of this.model.tasks.values()) {
      const { seq, key, revision, attempts } = task
      expect(this.#journal.atOnce.task(seq)).toMatchObject({ seq, key, revision, attempts })
    }
    for (const linkId of links) {
      const waiting = [...this.model.tasks.values()].filter(
        (task) => task.linkId === linkId && task.state !== 'parked' && task.state !== 'lingering',
      )
      const backlogBytes = waiting.reduce((sum, task) => sum + task.sizeBytes, 0)
      expect(this.#journal.atOnce.totals(linkId)).toMatchObject({ backlogCount: waiting.length, backlogBytes })
    }
  }

  async close(): Promise<void> {
    this.#queue.close()
    await this.#journal.close()
  }

  #start(): [Journal, TaskQueue] {
    const journal = openJournal({ dir: this.#dir, now: this.clock.now, limits: { flushDelayMs: 0 } })
    const queue = createQueue({
      tasks: journal.tasks,
      atOnce: journal.atOnce,
      now: this.clock.now,
      random: chance,
      timers: this.clock,
      limits,
    })
    for (const linkId of links) queue.addLink({ linkId, priority: 1, sourceSite: 'a', targetSite: 'b' })
    return [journal, queue]
  }

  #lease(room: { readonly small: number; readonly large: number; readonly mrf: number }): void {
    this.#wake()
    for (const lease of this.#queue.lease(room)) {
      expect(this.model.lease(lease, this.clock.now())).toBeNull()
      this.#leases.push(lease)
    }
  }

  #wake(): void {
    const isAwake = (seq: number): boolean => this.#journal.atOnce.task(seq)?.state === 'ready'
    expect(this.model.wake(this.clock.now(), isAwake)).toBeNull()
  }

  /** One that may not go now is not given; one that is given must be one that may go. */
  #claim(pick: number): void {
    this.#wake()
    const seqs = [...this.model.tasks.keys()]
    const lease = this.#queue.claim(seqs[pick % Math.max(seqs.length, 1)] ?? 1)
    if (lease === null) return
    expect(this.model.lease(lease, this.clock.now())).toBeNull()
    this.#leases.push(lease)
  }

  #pickLease(pick: number): Lease | undefined {
    return this.#leases.splice(pick % Math.max(this.#leases.length, 1), 1)[0]
  }

  async #enqueue(tasks: readonly NewTask[]): Promise<void> {
    for (const task of tasks) {
      const before = this.model.tasks.size
      this.model.enqueue(task)
      await this.#queue.enqueue([task])
      // The journal spends a number on a task that turns out to be known.
      if (this.model.tasks.size === before) this.model.skipOne()
    }
  }

  async #act(what: Step): Promise<void> {
    const now = this.clock.now()
    switch (what.kind) {
      case 'enqueue':
        return this.#enqueue(what.tasks.map((task) => ({ ...task, operation: 'put', changedAt: now, absentSeenAt: 0 })))
      case 'seen-absent': {
        const { linkId, key, versionId } = what
        const seen = {
          linkId,
          key,
          versionId,
          operation: 'put',
          sizeBytes: 10,
          changedAt: 1,
          absentSeenAt: now,
        } as const
        await this.clock.wind(1)
        return this.#enqueue([seen])
      }
      case 'lease':
        return this.#lease(what)
      case 'ack':
      case 'fail':
      case 'refuse':
      case 'release': {
        const lease = this.#pickLease(what.pick)
        return lease === undefined ? undefined : this.#endLease(what.kind, lease)
      }
      case 'hold':
        this.model.held.add(what.linkId)
        return this.#queue.hold(what.linkId, 'test')
      case 'unhold':
        this.model.held.delete(what.linkId)
        return this.#queue.unhold(what.linkId, 'test')
      case 'remove':
        this.model.removed.add(what.linkId)
        this.model.held.delete(what.linkId)
        return this.#queue.removeLink(what.linkId)
      case 'add':
        this.model.removed.delete(what.linkId)
        return this.#queue.addLink({ linkId: what.linkId, priority: 1, sourceSite: 'a', targetSite: 'b' })
      case 'retry-link':
        return this.#retryLink(what.linkId)
      case 'retry-one':
        return this.#retryOne(what.pick)
      case 'claim':
        return this.#claim(what.pick)
      case 'wind':
        return this.clock.wind(what.ms)
      case 'restart':
        await this.close()
        this.#leases = []
        this.model.restart(this.clock.now())
        ;[this.#journal, this.#queue] = this.#start()
        return undefined
    }
  }

  async #endLease(kind: 'ack' | 'fail' | 'refuse' | 'release', lease: Lease): Promise<void> {
    if (kind === 'release') {
      this.model.release(lease, this.clock.now())
      this.#queue.release(lease)
    } else if (kind === 'ack') {
      await this.#queue.ack(lease, { bytes: 1, learned: [], forgotten: [] })
      const row = await this.#journal.tasks.find(lease.task.seq)
      expect(this.model.ack(lease, this.clock.now(), row)).toBeNull()
    } else {
      const fault = kind === 'fail' ? transient : permanent
      this.model.nack(lease, fault, this.clock.now())
      await this.#queue.nack(lease, fault)
    }
  }

  async #retryLink(linkId: string): Promise<void> {
    const filter = { ruleId: null, linkId, state: null, code: null, operation: null, search: '' }
    const expected = this.model.retry((task) => task.linkId === linkId)
    expect((await this.#queue.retry({ filter }, 1000)).length).toBe(expected)
  }

  async #retryOne(pick: number): Promise<void> {
    const seqs = [...this.model.tasks.keys()]
    const seq = seqs[pick % Math.max(seqs.length, 1)] ?? 1
    const expected = this.model.retry((task) => task.seq === seq)
    expect((await this.#queue.retry({ seqs: [seq] }, 1)).length).toBe(expected)
  }

  #isDrained(): boolean {
    return this.#leases.length === 0 && [...this.model.tasks.values()].every((task) => task.state === 'parked')
  }
}

test(
  'whatever happens, each key keeps its order, nothing is lost and nothing is leased twice',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const dir = await makeTempDir('queue-model')
        const world = new World(dir.path)
        for (const each of steps) await world.take(each)
        world.expectTheSameTasks()
        await world.leaseAll()
        await world.drain()
        await world.close()
        await dir.remove()
      }),
      { numRuns: 25 },
    )
  },
)
