import { CopyObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { FaultAction, FaultRule } from '../../electron/engine/sandbox/fault-switch.ts'
import type { Failure } from '../../shared/model/task.ts'
import { failureFilter } from '../../shared/api/inputs.ts'
import type { BucketDifference } from '../compare/compare-buckets.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { differences } from '../support/in-step.ts'
import { bytesOf, Random } from '../support/random.ts'
import { putTags, remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/** Histories side by side in one world; each key is one. */
const keysAtOnce = Number(process.env['LEFTOVERS_KEYS'] ?? 10)
const rounds = 4

const ends: readonly FaultAction[] = [
  // Carried out, and nobody hears of it in this run of the engine.
  { kind: 'late-answer', delayMs: 240_000 },
  { kind: 'late-answer', delayMs: 240_000 },
  { kind: 'lose-answer' },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'server-error' },
  { kind: 'deny' },
]
/** Carried out after the next attempt has looked. */
const lateEnds: readonly FaultAction[] = [
  { kind: 'late-write', delayMs: 150 },
  { kind: 'late-write', delayMs: 600 },
]
const requests: readonly NonNullable<FaultRule['on']>[] = [
  'PutObject',
  'PutObject',
  'DeleteObject',
  ['PutObject', 'DeleteObject'],
  'HeadObject',
  'ListObjectVersions',
]

/** One key, what clients do to it, and what meets the engine at its target. */
class History {
  readonly key: string
  /** Versions that a client wrote at the target itself: they are nobody's to delete. */
  readonly foreign: string[] = []
  readonly markers: string[] = []
  readonly story: string[] = []
  readonly #random: Random
  readonly #world: World
  readonly #hasForeign: boolean
  #count = 0

  constructor(world: World, random: Random, key: string) {
    this.key = key
    this.#world = world
    this.#random = random
    this.#hasForeign = random.chance(0.15)
  }

  /** What meets the engine in the next round. */
  breaks(): void {
    const { key } = this
    const on = this.#random.pick(requests)
    const end = this.#random.pick(on === 'PutObject' ? [...ends, ...lateEnds] : ends)
    const after = this.#random.int(0, 2)
    this.story.push(`meets ${JSON.stringify(on)} ${after} ${end.kind}`)
    this.#world.b.faults.add({ on, key, after, times: this.#random.int(1, 2), do: end })
  }

  async act(times: number): Promise<void> {
    for (let act = 0; act < times; act++) await this.#act()
  }

  async #act(): Promise<void> {
    const roll = this.#random.next()
    if (roll < 0.4) return this.#put()
    if (roll < 0.55) return this.#mark()
    if (roll < 0.6) return this.#tag()
    if (roll < 0.68 && this.#hasForeign) return this.#copyAtTarget()
    return this.#purge()
  }

  async #put(): Promise<void> {
    const content = this.#random.chance(0.25) ? 0 : ++this.#count
    const { VersionId } = await this.#world.s3.a.send(
      new PutObjectCommand({ Bucket: 'data', Key: this.key, Body: bytesOf(content, 50 + content) }),
    )
    this.story.push(`put ${content} ${VersionId}`)
  }

  async #mark(): Promise<void> {
    const versionId = await remove(this.#world.s3.a, this.key)
    this.story.push(`mark ${versionId}`)
    this.markers.push(versionId)
  }

  async #purge(): Promise<void> {
    const all = await versionsOf({ site: this.#world.a, bucket: 'data' }, this.key)
    if (all.length === 0) return
    const { versionId } = this.#random.chance(0.5) ? all[0]! : this.#random.pick(all)
    this.story.push(`purge ${versionId}`)
    await remove(this.#world.s3.a, this.key, versionId)
  }

  async #tag(): Promise<void> {
    const newest = (await versionsOf({ site: this.#world.a, bucket: 'data' }, this.key)).find(
      ({ kind }) => kind === 'object',
    )
    if (newest === undefined) return
    this.story.push(`tag ${newest.versionId}`)
    await putTags(this.#world.s3.a, this.key, { n: `${this.#count++}` }, newest.versionId)
  }

  /** With the marks and the seal of the replica that it is copied from. */
  async #copyAtTarget(): Promise<void> {
    const all = await versionsOf({ site: this.#world.b, bucket: 'data' }, this.key)
    const objects = all.filter(({ kind }) => kind === 'object')
    if (objects.length === 0) return
    const source = `data/${this.key}?versionId=${this.#random.pick(objects).versionId}`
    const { VersionId } = await this.#world.s3.b.send(
      new CopyObjectCommand({ Bucket: 'data', Key: this.key, CopySource: source }),
    )
    this.story.push(`foreign ${VersionId}`)
    this.foreign.push(VersionId!)
  }

  async lost(): Promise<readonly string[]> {
    const there = await versionsOf({ site: this.#world.b, bucket: 'data' }, this.key)
    return this.foreign.filter((versionId) => !there.some((one) => one.versionId === versionId))
  }
}

/** Until the target was asked so often, or for a while: where the engine ends is chance, by its own pace and not by a clock. */
async function untilAsked(world: World, times: number): Promise<void> {
  const writes = (): number =>
    world.b.requests.list().filter(({ operation }) => operation === 'PutObject' || operation === 'DeleteObject').length
  for (let look = 0; look < 150 && writes() < times; look++) await wait(10)
}

/**
 * Nothing is left to do, by the engine's own word; what is parked is tried again, as an operator would. A delete that stays unproven is
 * right where a client copied what was to go, and of a marker where the target gives it an id of its own: their keys are returned.
 */
async function quiet(world: World, mayStay: (failure: Failure) => boolean): Promise<ReadonlySet<string>> {
  const state = () => world.api().wait.settled({ ruleId: null, timeoutMs: 60_000 })
  for (let time = 0; time < 3 && (await state()).parked > 0; time++)
    await world.api().failures.retry({ filter: failureFilter.parse({}) })
  const { pending, unknown, held } = await state()
  const all = await world.failures()
  const failures = all.filter((failure) => failure.fault.code !== 'DELETE_UNPROVEN' || !mayStay(failure))
  expect({ pending, unknown, held, failures }).toEqual({ pending: 0, unknown: 0, held: [], failures: [] })
  return new Set(all.map(({ key }) => key))
}

/** Is all that the two sides differ in one marker or more too many at the target? */
function hasMarkersTooMany({ field, source, target }: BucketDifference): boolean {
  if (field !== 'versions' && field !== 'key') return false
  const [ours, theirs] = [source, target] as (readonly string[])[]
  const objects = (versions: readonly string[]) => versions.filter((one) => one !== 'marker')
  return String(objects(ours!)) === String(objects(theirs!)) && theirs!.length > ours!.length
}

async function worldOfHistories(identity: 'mints' | 'adopts-minio', seed: number): Promise<void> {
  const random = new Random(seed)
  const brakes = { deleteBrake: null, overwriteBrake: null }
  const world = await startWorld({
    a: { identity: 'adopts-minio' },
    b: { identity },
    rules: [{ versionDeletes: true, ...brakes }],
    engine: { timeouts: { responseMs: 120_000 }, retry: { baseDelayMs: 100, maxDelayMs: 1000, landsWithinMs: 1500 } },
  })
  await world.put('anchor')
  await world.settled()
  const histories = Array.from({ length: keysAtOnce }, (_, at) => new History(world, random.fork(), `key-${at}-`))
  const each = (work: (one: History) => Promise<void>) => forEachAtMost(8, histories, work)
  for (let round = 0; round < rounds; round++) {
    world.b.requests.clear()
    for (const one of histories) if (random.chance(0.8)) one.breaks()
    await each((one) => one.act(random.int(0, 3)))
    await untilAsked(world, random.int(0, 2 * keysAtOnce))
    await world.stop()
    for (const one of histories) one.story.push('restart')
    world.b.faults.clear()
    await each((one) => one.act(random.int(0, 2)))
    await world.start()
  }
  const markers = new Set(histories.flatMap((one) => one.markers))
  // Of a delete that came alone nobody says what it was of.
  const mayBeMarker = ({ versionId, sizeBytes }: Failure) => markers.has(versionId ?? '') || sizeBytes === null
  const copied = new Set(histories.filter(({ foreign }) => foreign.length > 0).map(({ key }) => key))
  const told = await quiet(
    world,
    (failure) => copied.has(failure.key) || (identity === 'mints' && mayBeMarker(failure)),
  )
  const untouched = new Set(histories.filter(({ foreign }) => foreign.length === 0).map(({ key }) => key))
  const all = await differences(world, {
    sameIds: identity !== 'mints',
    only: (key) => untouched.has(key) || key === 'anchor',
  })
  // Tags that nobody told of are for the slow pass to find. Of two markers one stands for the other, whatever it is called.
  const untold = all.filter(
    ({ field, versionId }) => field !== 'tags' && (field !== 'versionId' || !markers.has(versionId ?? '')),
  )
  // What is listed is there, and is all that is there.
  const found = untold.filter((one) => !told.has(one.key) || !hasMarkersTooMany(one))
  const alarms = [...told].filter((key) => untouched.has(key) && !all.some((one) => one.key === key))
  const lost = await Promise.all(histories.map(async (one) => (await one.lost()).map((id) => `${one.key} ${id}`)))
  const stories = histories
    .filter(({ key }, at) => found.some((one) => one.key === key) || alarms.includes(key) || lost[at]!.length > 0)
    .map(({ key, story }) => [key, ...story])
  expect({ found, alarms, lost: lost.flat(), stories }, `LEFTOVERS_SEED=${seed}, ${identity}`).toEqual({
    found: [],
    alarms: [],
    lost: [],
    stories: [],
  })
}

const worlds = Number(process.env['LEFTOVERS_WORLDS'] ?? 1)
const first = Number(process.env['LEFTOVERS_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

/** One world of each kind in the suite; the name of the test tells the seed, and `LEFTOVERS_SEED`, `_WORLDS` and `_KEYS` run it again, and more. */
test.each(
  Array.from({ length: worlds }, (_, at) => first + at).flatMap((seed) => [
    ['mints', seed] as const,
    ['adopts-minio', seed] as const,
  ]),
)(
  'whatever is written and deleted for good while answers are lost and the engine ends: a quiet target that %s has what its source has, or it is told (seed %d)',
  { timeout: 240_000 },
  worldOfHistories,
)
