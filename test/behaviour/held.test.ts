import { expect, test } from 'vitest'
import { overviewLines, settledLines } from '../../electron/cli/views.ts'
import { overallOf } from '../../shared/text/overall.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { badge, failures, untilBadge } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const count = 20
const names = Array.from({ length: count }, (_, at) => `data-${at}`)

/** As many rules as there are names, to a target that may be listed and not be written. */
async function refusedWorld(): Promise<World> {
  const world = await startWorld({
    stopped: true,
    buckets: ['data', ...names],
    rules: names.map((bucket) => ({ id: bucket, source: { site: 'a', bucket }, targets: [{ site: 'b', bucket }] })),
  })
  await world.put('key', 'x', { Bucket: 'data-0' })
  world.b.faults.add({ on: 'PutObject', do: { kind: 'deny' } })
  await world.start()
  return world
}

const heldRules = (world: World) =>
  world
    .api()
    .overview.get()
    .held.map(({ ruleIds }) => ruleIds.length)
const told = async (world: World, level: 'error' | 'info') =>
  (await world.api().activity.list({ ruleId: null, level, before: null, limit: 500 }))
    .map(({ text }) => text)
    .filter((text) => text.includes('held'))

test('a target that refuses to be written holds all its rules by one cause: red, counted once, told once', async () => {
  const world = await refusedWorld()
  await expect.poll(() => heldRules(world), { timeout: 20_000 }).toEqual([count])
  const overview = world.api().overview.get()
  expect(overallOf(overview)).toEqual({ tone: 'bad', sentence: `${count} rules held by 1 cause, 1 rule behind` })
  expect(overview.held[0]).toMatchObject({ what: 'target', code: 'ACCESS_DENIED', siteName: 'Site B' })
  expect(overviewLines(overview).filter((line) => line.startsWith('HELD'))).toHaveLength(1)
  expect(await world.api().metrics.text()).toContain(
    `lockstep_held_links{by="target",code="ACCESS_DENIED",site="b"} ${count}`,
  )
  await expect.poll(() => told(world, 'error'), { timeout: 20_000 }).toHaveLength(1)
  expect((await told(world, 'error'))[0]).toMatch(/^Site B cannot be used as a target\. .* 20 rules are held: data-0, /)
  // Asked again every ten seconds: what is held stays red, and is told of no second time.
  const asked = (): number => world.b.requests.count({ operation: 'PutObject', status: 403 })
  const before = asked()
  await expect.poll(asked, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + count)
  expect([overallOf(world.api().overview.get()).tone, (await told(world, 'error')).length]).toEqual(['bad', 1])
  const waited = await world.api().wait.settled({ ruleId: 'data-1', timeoutMs: 3000 })
  expect(waited).toMatchObject({ settled: false, pending: 0, held: [{ code: 'ACCESS_DENIED' }] })
  expect(settledLines(waited).join('\n')).toContain('Held: Site B cannot be used as a target.')
})

test('“Look again now” looks: it says what is held still, and what goes on', async () => {
  const world = await refusedWorld()
  await expect.poll(() => heldRules(world), { timeout: 20_000 }).toEqual([count])
  const ended = async (): Promise<string | null> => {
    const { id } = world.api().rules.lookAgain({ ruleId: null })
    const job = () =>
      world
        .api()
        .jobs.list()
        .find((one) => one.id === id)!
    await expect.poll(() => job().state, { timeout: 9000 }).toBe('done')
    return job().result
  }
  expect(await ended()).toMatch(/^20 rules are still held: Site B cannot be used as a target\./)
  world.b.faults.clear()
  expect(await ended()).toBe('20 rules go on.')
  expect(heldRules(world)).toEqual([])
  await world.settled()
  expect(overallOf(world.api().overview.get())).toEqual({ tone: 'good', sentence: 'All in step' })
})

test('of a source that may not be listed, nobody says that nothing is pending', async () => {
  const world = await startWorld()
  await world.settled()
  const denied = world.a.faults.add({ on: 'ListObjectVersions', do: { kind: 'deny' } })
  world.a.faults.add({ on: 'ListenNotification', do: { kind: 'deny' } })
  await untilBadge(world, 'held', /Changes cannot be read: ListObjectVersions data: /)
  const overview = world.api().overview.get()
  expect(overallOf(overview).tone).toBe('bad')
  expect(overview.links[0]!.unknown).toMatchObject({ reason: expect.stringContaining('ListObjectVersions') })
  const lines = overviewLines(overview)
  expect(lines.find((line) => line.startsWith('r '))).toMatch(/ held +unknown /)
  expect(lines.join('\n')).toMatch(/UNKNOWN for \d+ s: .*pending unknown/s)
  expect(await world.api().metrics.text()).toMatch(/lockstep_link_backlog_known\{.*\} 0\n/)
  const waited = await world.api().wait.settled({ ruleId: null, timeoutMs: 1500 })
  expect(waited).toMatchObject({ settled: false, unknown: 1 })
  denied.remove()
  const job = world.api().rules.lookAgain({ ruleId: 'r' })
  await expect
    .poll(
      () =>
        world
          .api()
          .jobs.list()
          .find(({ id }) => id === job.id)!.result,
    )
    .toBe('1 rule goes on.')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})

test('after a restart nothing is in step before a scan has looked at every key', async () => {
  const world = await startWorld()
  await world.put('key')
  await world.settled()
  await world.stop()
  const slow = world.a.faults.add({ on: 'ListObjectVersions', do: { kind: 'latency', delayMs: 1500 } })
  await world.start()
  expect(badge(world).kind).not.toBe('in-step')
  expect(overallOf(world.api().overview.get()).tone).not.toBe('good')
  expect(world.link()).toMatchObject({ lookedAt: null, unknown: { reason: 'No scan has looked at every key yet.' } })
  slow.remove()
  await untilBadge(world, 'in-step')
})
