import { expect, test } from 'vitest'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import { ruleOf } from '../support/rule-of.ts'
import { startWorld } from '../support/world.ts'

test('workers, rules, pauses and history are as they were after a restart without a configuration', async () => {
  const world = await startWorld()
  await world.put('key')
  await world.settled()
  await world.api().settings.update({ workers: { limit: 7, large: 3, threads: 1 } })
  const rule = ruleOf(world)
  await world.api().rules.update({ ...rule, priority: 9, bandwidth: { bytesPerSecond: 4096 } })
  await world.api().rules.pause({ id: 'r' })
  const before = { rule: world.api().rules.get({ id: 'r' }), settled: world.link().settledCount }
  await world.stop()
  const credentials = memoryCredentials()
  for (const site of ['a', 'b'] as const) {
    const { accessKeyId, secretAccessKey } = world[site]
    await credentials.set(site, { accessKeyId, secretAccessKey })
  }
  const engine = await startEngine({
    dataDir: world.dataDir,
    credentials,
    config: null,
    environment: {},
    log: () => {},
    demo: null,
    version: 'test',
  })
  try {
    expect(engine.api.settings.get().workers).toEqual({ limit: 7, large: 3, threads: 1 })
    const after = engine.api.rules.get({ id: 'r' })
    expect(after).toMatchObject({ priority: 9, bandwidth: { bytesPerSecond: 4096 }, paused: before.rule.paused })
    expect(after.links[0]).toMatchObject({ settledCount: before.settled, state: { kind: 'paused', by: 'operator' } })
    expect(engine.api.sites.list().map(({ id }) => id)).toEqual(['a', 'b'])
  } finally {
    await engine.stop()
  }
})
