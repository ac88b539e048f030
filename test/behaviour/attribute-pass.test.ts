import { PutObjectLegalHoldCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { attributesLine, type AttributesView } from '../../shared/model/attributes.ts'
import type { RuleInput } from '../../shared/model/rule.ts'
import { ruleOf } from '../support/rule-of.ts'
import { head, putTags, tagsOf } from '../support/s3-acts.ts'
import { startWorld, type World } from '../support/world.ts'

/** A source that tells of nothing, and scans that are days apart: what changes within a version, nobody tells. */
async function silentWorld(rule: Partial<RuleInput>): Promise<World> {
  const world = await startWorld({
    objectLock: true,
    rules: [{ scanIntervalSeconds: 604_800, ...rule }],
    stopped: true,
  })
  world.a.faults.add({ on: 'ListenNotification', do: { kind: 'deny' } })
  await world.start()
  return world
}

const attributes = (world: World): AttributesView => {
  const view = world.link().attributes
  if (view === null) throw new Error('The rule keeps tags as they were.')
  return view
}
const line = (world: World): string => attributesLine(attributes(world), { now: 0, duration: () => 'a while' })

test('tags and locks that change late at a source which tells nothing of it follow by the slow pass, and its age is told', async () => {
  const world = await silentWorld({ attributePass: { perSecond: 50 } })
  for (const key of ['tagged', 'held', 'same']) await world.put(key)
  await world.settled()
  await putTags(world.s3.a, 'tagged', { state: 'done' })
  const LegalHold = { Status: 'ON' } as const
  await world.s3.a.send(new PutObjectLegalHoldCommand({ Bucket: 'data', Key: 'held', LegalHold }))
  await expect.poll(() => tagsOf(world.s3.b, 'tagged'), { timeout: 30_000 }).toEqual({ state: 'done' })
  await expect
    .poll(async () => (await head(world.s3.b, 'held')).ObjectLockLegalHoldStatus, { timeout: 30_000 })
    .toBe('ON')
  await expect.poll(() => attributes(world).last?.versions, { timeout: 30_000 }).toBe(3)
  expect(line(world)).toMatch(
    /^Tags and locks last looked at a while ago; one round takes about a while at 50 a second\.$/,
  )
})

test('a round that a restart cuts short goes on where it was, and is as slow as the rule says', async () => {
  const world = await silentWorld({ attributePass: 'off' })
  for (let at = 0; at < 8; at++) await world.put(`key-${at}`)
  await world.settled()
  // All copies are there before the first round begins: no round is shorter, and no copy asks the target.
  const config = { rules: [{ ...ruleOf(world), attributePass: { perSecond: 1 } }] }
  await world.stop()
  await world.start(config)
  await expect.poll(() => attributes(world).round?.versions ?? 0, { timeout: 30_000 }).toBeGreaterThanOrEqual(3)
  const { round } = attributes(world)
  await world.stop()
  await world.start(config)
  await expect.poll(() => attributes(world).last?.versions, { timeout: 30_000 }).toBe(8)
  const { startedAt, endedAt } = attributes(world).last!
  expect(startedAt).toBe(round?.startedAt)
  expect(endedAt - startedAt).toBeGreaterThan(6000)
  // The round counts what it looks at: one that had begun anew would have begun later, or counted the first versions twice.
})

test('one version that cannot be read is told, and keeps nothing from being looked at', async () => {
  const world = await silentWorld({ attributePass: { perSecond: 50 } })
  for (const key of ['a', 'b', 'c']) await world.put(key)
  await world.settled()
  world.a.faults.add({ on: 'HeadObject', key: 'b', do: { kind: 'deny' } })
  await putTags(world.s3.a, 'c', { state: 'done' })
  await expect.poll(() => tagsOf(world.s3.b, 'c'), { timeout: 30_000 }).toEqual({ state: 'done' })
  await expect.poll(() => line(world), { timeout: 30_000 }).toMatch(/1 could not be read: .*HeadObject/)
})

test('a rule without a pass says that only a resync finds what changes late', async () => {
  const world = await silentWorld({ attributePass: 'off' })
  await world.put('key')
  await world.settled()
  expect(attributes(world)).toMatchObject({ state: 'off', perSecond: null })
  expect(line(world)).toMatch(/resync/)
})
