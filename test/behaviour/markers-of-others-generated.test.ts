import { setTimeout as wait } from 'node:timers/promises'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { FaultAction } from '../../electron/engine/sandbox/fault-switch.ts'
import { retryInput } from '../../shared/api/inputs.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { Random } from '../support/random.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

const seed = Number(process.env['MARKERS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
/** Histories side by side; each key is one. */
const keysAtOnce = Number(process.env['MARKERS_KEYS'] ?? 16)
const rounds = Number(process.env['MARKERS_ROUNDS'] ?? 3)

/**
 * How a request for a marker may end. Not by a connection that breaks before the target has done it, and a client’s delete soon after it:
 * no trace of that differs from a marker that was written and not heard of.
 */
const endsOfDeletes: readonly FaultAction[] = [
  { kind: 'deny' },
  { kind: 'deny' },
  { kind: 'refuse', code: 'InvalidRequest' },
  { kind: 'server-error' },
  { kind: 'slow-down' },
  { kind: 'lose-answer' },
  { kind: 'late-answer', delayMs: 240_000 },
]
const endsOfPuts: readonly FaultAction[] = [...endsOfDeletes, { kind: 'reset' }, { kind: 'hang' }]

/** One key: what clients do to it at both sites, and what meets the engine at its target. */
class History {
  readonly key: string
  readonly story: string[] = []
  /** Delete markers that a client wrote at the target. */
  readonly foreign: string[] = []
  readonly #world: World
  readonly #random: Random
  #count = 0

  constructor(world: World, random: Random, key: string) {
    this.#world = world
    this.#random = random
    this.key = key
  }

  breaks(): void {
    const isDelete = this.#random.chance(0.7)
    const end = this.#random.pick(isDelete ? endsOfDeletes : endsOfPuts)
    const [after, times] = [this.#random.int(0, 1), this.#random.int(1, 3)]
    this.story.push(`meets ${isDelete ? 'delete' : 'put'} ${after} ${times} ${end.kind}`)
    this.#world.b.faults.add({ on: isDelete ? 'DeleteObject' : 'PutObject', key: this.key, after, times, do: end })
  }

  async atSource(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const roll = this.#random.next()
      if (roll < 0.3) await this.#put()
      else if (roll < 0.7) await this.#mark()
      else await this.takeBack()
    }
  }

  async #put(): Promise<void> {
    const Body = `${this.key} ${this.#count++}`
    const { VersionId } = await this.#world.s3.a.send(new PutObjectCommand({ Bucket: 'data', Key: this.key, Body }))
    this.story.push(`put ${VersionId}`)
  }

  async #mark(): Promise<void> {
    this.story.push(`mark ${await remove(this.#world.s3.a, this.key)}`)
  }

  /** A delete marker at the source goes, mostly the newest. */
  async takeBack(): Promise<void> {
    const all = await versionsOf({ site: this.#world.a, bucket: 'data' }, this.key)
    const markers = all.filter(({ kind }) => kind === 'marker')
    if (markers.length === 0) return
    const { versionId } = this.#random.chance(0.7) ? markers[0]! : this.#random.pick(markers)
    this.story.push(`take back ${versionId}`)
    await remove(this.#world.s3.a, this.key, versionId)
  }

  /** Only while the engine stands still: a site that has a marker already answers with that one's id. */
  async deleteAtTarget(): Promise<void> {
    const before = await this.#atTarget()
    const versionId = await remove(this.#world.s3.b, this.key)
    if (versionId === 'null' || before.includes(versionId)) return
    this.story.push(`foreign ${versionId}`)
    this.foreign.push(versionId)
  }

  async lost(): Promise<readonly string[]> {
    const there = await this.#atTarget()
    return this.foreign.filter((versionId) => !there.includes(versionId))
  }

  async #atTarget(): Promise<readonly string[]> {
    const all = await versionsOf({ site: this.#world.b, bucket: 'data' }, this.key)
    return all.map(({ versionId }) => versionId)
  }
}

/** The rule is paused or the engine ended, whatever was under way; and goes on, at once or to a target that is away at first. */
const stills = [
  {
    what: 'restart',
    halt: (world: World) => world.stop(),
    goOn: (world: World) => world.start(),
  },
  {
    what: 'pause',
    async halt(world: World) {
      await world.api().rules.pause({ id: 'r' })
      await expect.poll(() => world.link().inFlight, { timeout: 20_000 }).toBe(0)
    },
    goOn: async (world: World) => void (await world.api().rules.resume({ id: 'r' })),
  },
  {
    what: 'pause and restart',
    async halt(world: World) {
      await world.api().rules.pause({ id: 'r' })
      await world.stop()
    },
    async goOn(world: World) {
      await world.start()
      await world.api().rules.resume({ id: 'r' })
    },
  },
] as const

/** Until the target was asked so often, or for a while: where the engine is by then is chance, by its own pace. */
async function untilAsked(world: World, times: number): Promise<void> {
  const writes = (): number =>
    world.b.requests.list().filter(({ operation }) => operation === 'PutObject' || operation === 'DeleteObject').length
  for (let look = 0; look < 150 && writes() < times; look++) await wait(10)
}

async function retryAll(world: World): Promise<void> {
  if ((await world.failures()).length > 0) await world.api().failures.retry(retryInput.parse({ filter: {} }))
}

const quiet = (world: World) => world.api().wait.settled({ ruleId: null, timeoutMs: 60_000 })

test.each(['as-ceph', 'as-minio'] as const)(
  `whatever restarts, pauses and refusals lie between: no delete of a client at the target is undone where markers are kept %s (MARKERS_SEED=${seed})`,
  { timeout: 240_000 },
  async (plainMarkers) => {
    const random = new Random(seed)
    const free = { versionDeletes: true, deleteBrake: null, overwriteBrake: null, onTargetWrites: 'cover' } as const
    const world = await startWorld({
      b: { plainMarkers },
      rules: [free],
      engine: { timeouts: { responseMs: 3000 } },
    })
    await world.put('anchor')
    const histories = Array.from({ length: keysAtOnce }, (_, at) => new History(world, random.fork(), `key-${at}-`))
    const each = (work: (one: History) => Promise<void>) => forEachAtMost(8, histories, work)
    await each((one) => world.put(one.key).then(() => undefined))
    await world.settled()
    for (let round = 0; round < rounds; round++) {
      world.b.requests.clear()
      for (const one of histories) if (random.chance(0.7)) one.breaks()
      await each((one) => one.atSource(random.int(0, 2)))
      await untilAsked(world, random.int(0, 2 * keysAtOnce))
      const still = random.pick(stills)
      await still.halt(world)
      for (const one of histories) one.story.push(still.what)
      world.b.faults.clear()
      await each((one) => one.atSource(random.int(0, 1)))
      await each((one) => (random.chance(0.5) ? one.deleteAtTarget() : Promise.resolve()))
      const isAway = random.chance(0.3)
      if (isAway) await world.b.faults.goOffline()
      await still.goOn(world)
      if (isAway) await world.b.faults.goOnline()
      if (random.chance(0.5)) await retryAll(world)
      await untilAsked(world, random.int(0, keysAtOnce))
    }
    for (let time = 0; time < 2; time++) {
      await quiet(world)
      await retryAll(world)
    }
    // All that the source deleted comes back.
    for (let time = 0; time < 3; time++) await each((one) => one.takeBack())
    await quiet(world)
    const lost = await Promise.all(histories.map((one) => one.lost()))
    const stories = histories.filter((_, at) => lost[at]!.length > 0).map(({ key, story }) => [key, ...story])
    const count = histories.reduce((sum, { foreign }) => sum + foreign.length, 0)
    expect(count).toBeGreaterThan(0)
    expect({ lost: lost.flat(), stories }, `MARKERS_SEED=${seed}`).toEqual({ lost: [], stories: [] })
  },
)
