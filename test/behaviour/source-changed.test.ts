import { describe, expect, test } from 'vitest'
import { compareInput } from '../../shared/api/inputs.ts'
import type { ConfigInput } from '../../shared/model/config.ts'
import { ruleOf, type RuleInput } from '../../shared/model/rule.ts'
import { siteWithCredentialsSchema } from '../../shared/model/site.ts'
import { versionsByKey } from '../compare/list-versions.ts'
import { freePort } from '../support/ports.ts'
import { remove } from '../support/s3-acts.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { siteConfig } from '../support/site-config.ts'
import { clientOf, createBucket, startWorld, type World } from '../support/world.ts'

/** Every version at the target, as `key version id`. */
async function atTarget({ b }: World): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { key, versions } of versionsByKey({ site: b, bucket: 'data' }, ''))
    found.push(...versions.map(({ versionId }) => `${key} ${versionId}`))
  return found.filter((line) => !line.startsWith('.lockstep-canary/'))
}

/** Scans leave alone what is as young as themselves: until everything at the target is older. */
const untilOldEnough = async (since: number): Promise<void> => {
  await expect.poll(() => Date.now() - since, { timeout: 10_000 }).toBeGreaterThan(2500)
}

const rule: RuleInput = {
  id: 'r',
  source: { site: 'a', bucket: 'data' },
  targets: [{ site: 'b', bucket: 'data' }],
  versionDeletes: true,
  onTargetWrites: 'cover',
  scanIntervalSeconds: 5,
}

const ways: readonly { readonly way: string; readonly to: (world: World, bucket: string) => Promise<void> }[] = [
  {
    way: 'an edit in the console',
    async to(world, bucket) {
      const known = ruleOf(world.api().rules.get({ id: 'r' }))
      await world.api().rules.update({ ...known, source: { site: 'a', bucket } })
    },
  },
  {
    way: 'a configuration file at the next start',
    async to(world, bucket) {
      await world.stop()
      await world.start({ rules: [{ ...rule, source: { site: 'a', bucket } }] })
    },
  },
  {
    way: 'an import',
    async to(world, bucket) {
      const rules: ConfigInput['rules'] = [{ ...rule, source: { site: 'a', bucket } }]
      await world.api().config.apply({ text: JSON.stringify({ version: 1, rules }) })
    },
  },
  {
    way: 'removing the rule and making it again under its id',
    async to(world, bucket) {
      const known = ruleOf(world.api().rules.get({ id: 'r' }))
      await world.api().rules.remove({ id: 'r' })
      await world.api().rules.create({ ...known, source: { site: 'a', bucket } })
    },
  },
]

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  test.each(ways)(
    'a rule pointed at another source by $way deletes nothing of what the first one brought',
    async ({ to }) => {
      const world = await startWorld({
        a: { identity },
        b: { identity },
        buckets: ['data', 'other'],
        // Otherwise the rule would stop before it brings anything on top of what the first source brought.
        rules: [{ versionDeletes: true, onTargetWrites: 'cover' }],
      })
      for (const key of ['both', 'first', 'gone']) for (const body of ['one', 'two']) await world.put(key, body)
      await remove(world.s3.a, 'gone')
      await world.settled()
      await untilOldEnough(Date.now())
      await world.settled()
      const before = await atTarget(world)
      expect(before).toHaveLength(7)
      for (const Key of ['both', 'second']) await world.put(Key, 'of the other', { Bucket: 'other' })
      await to(world, 'other')
      for (let scan = 0; scan < 3; scan++) await world.settled()
      const after = await atTarget(world)
      expect(before.filter((line) => !after.includes(line))).toEqual([])
      expect(after).toHaveLength(before.length + 2)
      expect(world.link().source.bucket).toBe('other')
      expect(await extrasOf(world)).toBe(before.length)
    },
  )
})

test('a site whose endpoint becomes another server deletes nothing of what the first one brought', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  for (const key of ['one', 'two']) await world.put(key)
  await world.settled()
  await untilOldEnough(Date.now())
  await world.settled()
  const before = await atTarget(world)
  const other = await sandboxForTest()
  await createBucket(clientOf(other), 'data')
  await world.api().sites.update(siteWithCredentialsSchema.parse(siteConfig('a', other)))
  for (let scan = 0; scan < 3; scan++) await world.settled()
  expect(await atTarget(world)).toEqual(before)
})

test('a rule that is edited in anything but its source and targets keeps its link', async () => {
  const world = await startWorld({ rules: [{ versionDeletes: true }] })
  const first = await world.put('key', 'one')
  await world.put('key', 'two')
  await world.settled()
  const { linkId, settledCount } = world.link()
  await world.api().rules.update({ ...ruleOf(world.api().rules.get({ id: 'r' })), priority: 7 })
  expect(world.link()).toMatchObject({ linkId, settledCount })
  await remove(world.s3.a, 'key', first)
  await expect.poll(() => atTarget(world), { timeout: 20_000 }).toHaveLength(1)
})

async function extrasOf(world: World): Promise<number> {
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r' }))
  const report = () => world.api().compare.report({ jobId: id })
  await expect.poll(() => report()?.endedAt ?? null, { timeout: 20_000 }).not.toBeNull()
  return report()!.differences.filter(({ kind }) => kind === 'extra-at-target').length
}

test('a source that comes back empty at its old address deletes nothing until an operator says that this is right', async () => {
  const port = await freePort()
  const world = await startWorld({
    a: { port },
    rules: [{ versionDeletes: true, deleteBrake: null }],
  })
  for (const key of ['one', 'two']) await world.put(key)
  await world.settled()
  await untilOldEnough(Date.now())
  await world.settled()
  const before = await atTarget(world)
  await world.a.close()
  const anew = await sandboxForTest({ port })
  await createBucket(clientOf(anew), 'data')
  const reason = () => ('reason' in world.link().state ? world.link().state : null)
  await expect.poll(reason, { timeout: 30_000 }).toMatchObject({ reason: expect.stringContaining('is there any more') })
  expect(await atTarget(world)).toEqual(before)
  world.api().rules.resync({ ruleId: 'r', prefix: '' })
  await expect.poll(() => atTarget(world), { timeout: 20_000 }).toEqual([])
})
