import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { FaultAction, FaultRule } from '../../electron/engine/sandbox/fault-switch.ts'
import { failureFilter } from '../../shared/api/inputs.ts'
import { differences } from '../support/in-step.ts'
import { liveLoad } from '../support/live-load.ts'
import { Random } from '../support/random.ts'
import { startWorld, type World } from '../support/world.ts'

const seed = Number(process.env['LOCKSTEP_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const rounds = 2
const changesOfRound = 400
const keys = 200

const ends: readonly FaultAction[] = [
  { kind: 'lose-answer' },
  { kind: 'reset' },
  { kind: 'hang' },
  { kind: 'server-error' },
  { kind: 'slow-down' },
  { kind: 'deny' },
]
/** The load writes at the source, and is not to be met. */
const reads: readonly NonNullable<FaultRule['on']>[] = [
  'GetObject',
  'HeadObject',
  'ListObjectVersions',
  'ListObjectsV2',
]
const writes: readonly NonNullable<FaultRule['on']>[] = ['PutObject', 'DeleteObject', 'PutObjectTagging']

/** Now here, now there, as long as the load lasts. */
async function breakAround({ a, b }: World, random: Random, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const [site, on] = random.chance(0.3) ? [a, random.pick(reads)] : [b, random.pick([...reads, ...writes])]
    site.faults.add({ on, after: random.int(0, 5), times: random.int(1, 4), do: random.pick(ends) })
    await wait(random.int(20, 200))
  }
  for (const site of [a, b]) site.faults.clear()
}

/** By the engine's own word, after every item that was set aside was tried again, as an operator would. */
async function expectSettled(world: World): Promise<void> {
  const state = () => world.api().wait.settled({ ruleId: null, timeoutMs: 200_000 })
  for (let time = 0; time < 3 && (await state()).parked > 0; time++)
    await world.api().failures.retry({ filter: failureFilter.parse({}) })
  const [told, failures] = [await state(), await world.failures()]
  expect({ ...told, failures }, `LOCKSTEP_SEED=${seed}`).toMatchObject({ settled: true, failures: [] })
}

test.each(['mints', 'adopts-minio'] as const)(
  `settled means equal over hundreds of keys, at a target that %s, whatever failed on the way (LOCKSTEP_SEED=${seed})`,
  { timeout: 900_000 },
  async (identity) => {
    const random = new Random(seed)
    const brakes = { deleteBrake: null, overwriteBrake: null }
    const world = await startWorld({
      a: { identity: 'adopts-minio' },
      b: { identity },
      rules: [{ versionDeletes: true, ...brakes }],
      engine: { timeouts: { responseMs: 2000 } },
    })
    for (let round = 0; round < rounds; round++) {
      const stop = new AbortController()
      const breaking = breakAround(world, random.fork(), stop.signal)
      const load = {
        client: world.s3.a,
        bucket: 'data',
        keys,
        changesPerSecond: 150,
        mix: 'mixed with version deletes',
      } as const
      await liveLoad({ ...load, seed: random.int(1, 2 ** 31), total: changesOfRound })
      stop.abort()
      await breaking
      await expectSettled(world)
      const found = await differences(world, { sameIds: identity !== 'mints' })
      expect({ round, found }, `LOCKSTEP_SEED=${seed}`).toEqual({ round, found: [] })
    }
  },
)
