import { describe, expect, test } from 'vitest'
import { compareInput } from '../../shared/api/inputs.ts'
import type { CompareReport } from '../../shared/model/compare.ts'
import { eventually } from '../support/eventually.ts'
import { hostileSource, type HostileSource, type Lies } from '../support/hostile-source.ts'
import { startWorld, type World } from '../support/world.ts'

interface OddWorld {
  readonly world: World
  readonly source: HostileSource
}

/** A world whose source lists in a form of its own. The engine is not started. */
async function oddWorld(lies: Lies): Promise<OddWorld> {
  const source = await hostileSource()
  source.lies = lies
  const { endpoint, accessKeyId, secretAccessKey } = source
  const world = await startWorld({ stopped: true, b: { identity: 'mints' }, rules: [{ versionDeletes: true }] })
  const { endpoint: target, accessKeyId: id, secretAccessKey: secret } = world.b
  await world.start({
    sites: [
      { id: 'a', name: 'Site A', endpoint, credentials: { accessKeyId, secretAccessKey } },
      { id: 'b', name: 'Site B', endpoint: target, credentials: { accessKeyId: id, secretAccessKey: secret } },
    ],
  })
  return { world, source }
}

async function compare(world: World): Promise<CompareReport> {
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r' }))
  return eventually(
    () => {
      const report = world.api().compare.report({ jobId: id })
      if (report?.endedAt == null) throw new Error('the comparison has not ended')
      return report
    },
    { withinMs: 60_000 },
  )
}

const scanFault = (world: World): string | undefined =>
  world
    .api()
    .rules.get({ id: 'r' })
    .feeds.find(({ kind }) => kind === 'scan')?.fault?.code

const scanEnds = (world: World, code: string | undefined): Promise<void> =>
  eventually(
    () => {
      const { feeds } = world.api().rules.get({ id: 'r' })
      const scan = feeds.find(({ kind }) => kind === 'scan')
      if (scan?.fault?.code !== code || (code === undefined && scan?.lastScan == null))
        throw new Error(`the scan ended with ${scan?.fault?.code}, its state is ${scan?.state}`)
    },
    { withinMs: 60_000 },
  )

describe.each(['versions-first', 'markers-first'] as const)(
  'a source that lists versions and markers apart, %s',
  (apart) => {
    test('is copied whole, in order, and found equal', { timeout: 120_000 }, async () => {
      const { world, source } = await oddWorld({ form: { apart }, coarseTimes: true, pageSize: 3 })
      for (const key of ['a', 'a-b', 'a/b', 'b'])
        for (const body of ['one', null, 'two', null, 'three']) source.add(key, body === null ? null : `${key} ${body}`)
      source.add('b', null)
      await eventually(
        async () => {
          await world.settled(5000)
          const { b } = await world.sides()
          if (b.length !== 21) throw new Error(`${b.length} versions of 21`)
        },
        { withinMs: 90_000 },
      )
      const report = await compare(world)
      expect({ verdict: report.verdict, keys: report.keys, versions: report.versions }).toEqual({
        verdict: 'equal',
        keys: 4,
        versions: 21,
      })
      expect(await world.failures()).toEqual([])
      expect(scanFault(world)).toBeUndefined()
    })
  },
)

test.each(['minio_cache', 'rustfs_cache'] as const)(
  'a key whose versions fill pages, each ending with a place in the site’s own walk (%s), is copied once and found equal',
  { timeout: 120_000 },
  async (cursor) => {
    const { world, source } = await oddWorld({ form: { cursor }, pageSize: 4 })
    for (let version = 1; version <= 15; version++) source.add('many', `version ${version}`)
    source.add('next', 'one')
    await eventually(
      async () => {
        await world.settled(5000)
        if ((await world.sides()).b.length !== 16) throw new Error('not all there, or more than that')
      },
      { withinMs: 60_000 },
    )
    expect(await compare(world)).toMatchObject({ verdict: 'equal', keys: 2, versions: 16 })
    expect(await world.failures()).toEqual([])
    expect(scanFault(world)).toBeUndefined()
  },
)

test(
  'a listing of several pages that no scan could check is told at the rule as compare tells it, and stops nothing',
  { timeout: 120_000 },
  async () => {
    const { world, source } = await oddWorld({ pageSize: 2, refusesCurrent: true })
    const cautions = (): readonly string[] =>
      world
        .api()
        .rules.get({ id: 'r' })
        .cautions.map(({ message }) => message)
    for (const key of ['a', 'b', 'c', 'd', 'e']) source.add(key, `content of ${key}`)
    await eventually(
      async () => {
        await world.settled(5000)
        if ((await world.sides()).b.length !== 5) throw new Error('not all there')
      },
      { withinMs: 60_000 },
    )
    const words = 'obody could check that the listing of a/data leaves nothing out'
    await expect.poll(cautions).toEqual([expect.stringContaining(words)])
    expect((await compare(world)).statement).toContain(words)
    expect(world.link().state.kind).toBe('in-step')
    expect(scanFault(world)).toBeUndefined()
    source.lies = { pageSize: 2 }
    await expect.poll(cautions, { timeout: 30_000 }).toEqual([])
  },
)

test(
  'a source that leaves out what sorts around a folder is never called equal or in step, and deletes nothing',
  { timeout: 120_000 },
  async () => {
    const { world, source } = await oddWorld({ form: {}, pageSize: 4 })
    const keys = ['a-1', 'a-2', 'a.1', 'a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a0']
    for (const key of keys) source.add(key, `content of ${key}`)
    await eventually(
      async () => {
        await world.settled(5000)
        if ((await world.sides()).b.length !== keys.length) throw new Error('not all there')
      },
      { withinMs: 60_000 },
    )
    const before = (await world.sides()).b
    source.lies = { form: { byFolder: true }, pageSize: 4 }
    expect(await compare(world)).toMatchObject({ verdict: 'unknown', fault: { site: 'a' } })
    // As after a restart with an empty memory: the first look at such a site.
    void world.api().rules.resync({ ruleId: 'r', prefix: '' })
    await scanEnds(world, 'LISTING_UNORDERED')
    source.lies = { form: { leavesOut: (key) => key === 'a/3' }, pageSize: 4 }
    void world.api().rules.resync({ ruleId: 'r', prefix: '' })
    await scanEnds(world, 'LISTING_INCOMPLETE')
    expect(await compare(world)).toMatchObject({ verdict: 'unknown', fault: { code: 'LISTING_INCOMPLETE', site: 'a' } })
    expect((await world.sides()).b).toEqual(before)
    source.lies = { form: {}, pageSize: 4 }
    void world.api().rules.resync({ ruleId: 'r', prefix: '' })
    await scanEnds(world, undefined)
    expect(await compare(world)).toMatchObject({ verdict: 'equal', keys: keys.length })
  },
)

test(
  'of a site that nobody tried, compare does not say that keys below other keys are equal',
  { timeout: 120_000 },
  async () => {
    const { world, source } = await oddWorld({ form: { leavesOut: (key) => key === 'c/1' } })
    for (const key of ['c', 'c/1']) source.add(key, `content of ${key}`)
    await eventually(async () => expect((await world.sides()).b).toHaveLength(1), { withinMs: 60_000 })
    const report = await compare(world)
    expect(report).toMatchObject({ verdict: 'equal', nestedUnseen: [{ site: 'a', bucket: 'data', isKnown: false }] })
    expect(report.statement).toMatch(
      /^Equal in what is listed by listing .* nobody has tried whether keys .* are in the listings of a\/data \(probe it under Sites\)\.$/,
    )
  },
)
