import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { siteUpdateInput } from '../../shared/api/inputs.ts'
import type { Transfer } from '../../shared/model/task.ts'
import { ruleOf } from '../support/rule-of.ts'
import { putParts } from '../support/s3-acts.ts'
import { sandboxKeys, startSandbox } from '../support/sandbox.ts'
import { startWorld, type World } from '../support/world.ts'

const mib = 1024 * 1024
const keys = ['one body', 'in parts']

/** A body in one piece and one in parts, both under way at a pace that leaves time to change something. */
async function underWay(): Promise<World> {
  const world = await startWorld({ stopped: true, rules: [{ bandwidth: { bytesPerSecond: mib } }] })
  await world.put(keys[0]!, randomBytes(6 * mib))
  await putParts(world.s3.a, keys[1]!, [8 * mib, 8 * mib, 8 * mib])
  await world.start()
  await expect.poll(() => moving(world).length, { timeout: 20_000 }).toBe(2)
  return world
}

const moving = (world: World): readonly Transfer[] =>
  world
    .api()
    .transfers.list()
    .filter(({ doneBytes }) => doneBytes > 0)

/** Lets them go as fast as they can, and says how often each key was read at the source and begun at the target. */
async function begun(world: World): Promise<readonly string[]> {
  await world.api().rules.update({ ...ruleOf(world), bandwidth: { bytesPerSecond: null } })
  await world.settled(60_000)
  expect((await world.sides()).b).toEqual((await world.sides()).a)
  const whole = world.a.requests.list({ operation: 'GetObject' }).filter(({ key }) => key === keys[0]).length
  const uploads = world.b.requests.list({ operation: 'CreateMultipartUpload' }).length
  return [`${whole} reads of ${keys[0]}`, `${uploads} uploads of ${keys[1]}`]
}

const once = ['1 reads of one body', '1 uploads of in parts']

const changes: Readonly<Record<string, (world: World) => unknown>> = {
  'fewer workers': (world) => world.api().settings.update({ workers: { limit: 4, large: 1, threads: 1 } }),
  'more workers': (world) => world.api().settings.update({ workers: { limit: 90, large: 9, threads: 1 } }),
  'a source with another name': (world) => edit(world, 'a', { name: 'Bergen' }),
  'a target with another name': (world) => edit(world, 'b', { name: 'Bergen' }),
  'the keys of a target given again': (world) =>
    edit(world, 'b', { credentials: { accessKeyId: world.b.accessKeyId, secretAccessKey: world.b.secretAccessKey } }),
}

async function edit(world: World, siteId: string, change: object): Promise<void> {
  const site = world
    .api()
    .sites.list()
    .find(({ id }) => id === siteId)!
  const { id, name, endpoint, region, pathStyle, tls } = site
  await world.api().sites.update(siteUpdateInput.parse({ id, name, endpoint, region, pathStyle, tls, ...change }))
}

test.for(Object.entries(changes))('%s cancel nothing that is under way', { timeout: 120_000 }, async ([, change]) => {
  const world = await underWay()
  await change(world)
  expect(await begun(world)).toEqual(once)
})

test.for(['a', 'b'])(
  'site %s gets another name, and then another server: what was under way with the former server ends there',
  { timeout: 120_000 },
  async (siteId) => {
    const world = await underWay()
    const other = await startSandbox({ identity: 'mints' })
    onTestFinished(() => other.close())
    await edit(world, siteId, { name: 'Bergen' })
    await edit(world, siteId, { endpoint: other.endpoint, credentials: sandboxKeys })
    await expect.poll(() => moving(world).length).toBe(0)
    await world.api().rules.update({ ...ruleOf(world), bandwidth: { bytesPerSecond: null } })
    const reads = (): number => world.a.requests.list({ operation: 'GetObject' }).length
    const writes = (): number => world.b.requests.list({ operation: 'UploadPart' }).length
    const before = [reads(), writes()]
    // Not settled before that: whatever would go on has the time to.
    await world.api().wait.settled({ ruleId: null, timeoutMs: 1500 })
    expect([reads(), writes(), (await world.sides()).b]).toEqual([...before, []])
  },
)
