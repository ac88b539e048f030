import { expect, test } from 'vitest'
import type { EngineApi, FailureDetail } from '../../shared/api/engine-api.ts'
import { failureFilter, failureListInput } from '../../shared/api/inputs.ts'
import { failuresLines } from '../../electron/cli/views.ts'
import { remove } from '../support/s3-acts.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

const pageOf = (api: EngineApi, filter: object = {}) => api.failures.list(failureListInput.parse({ filter }))

/** Every place that tells how much is not in step. */
async function countsOf(api: EngineApi) {
  const { totals, links } = api.overview.get()
  return {
    badge: totals.failing + totals.parked,
    links: links.reduce((sum, link) => sum + link.failing + link.parked, 0),
    list: (await pageOf(api)).total,
    rows: (await pageOf(api)).rows.length,
    byCode: (await pageOf(api)).byCode.reduce((sum, { count }) => sum + count, 0),
    byState: (await pageOf(api, { state: 'delayed' })).total + (await pageOf(api, { state: 'parked' })).total,
    tryingAgain: (await pageOf(api, { state: 'delayed' })).total - totals.failing,
    parked: (await pageOf(api, { state: 'parked' })).total - totals.parked,
  }
}
const allAre = (count: number) => ({
  badge: count,
  links: count,
  list: count,
  rows: count,
  byCode: count,
  byState: count,
  tryingAgain: 0,
  parked: 0,
})

async function parkedWorld(keys: readonly string[], engine: WorldOptions['engine'] = {}): Promise<World> {
  const world = await startWorld({ stopped: true, engine, rules: [{ scanIntervalSeconds: 604_800 }] })
  for (const key of keys) await world.put(key)
  world.b.faults.add({ on: 'PutObject', key: /^(k|slow)/, do: { kind: 'deny' } })
  await world.start()
  await expect
    .poll(async () => (await world.failures()).filter(({ state }) => state === 'parked').length, { timeout: 20_000 })
    .toBe(keys.length)
  return world
}

async function jobEnd(world: World, id: string): Promise<string | null> {
  const job = () =>
    world
      .api()
      .jobs.list()
      .find((one) => one.id === id)
  await expect.poll(() => job()?.state, { timeout: 15_000 }).toBe('done')
  return job()?.result ?? null
}

const seqOf = async (world: World, key: string): Promise<number> =>
  (await world.failures()).find((failure) => failure.key === key)!.seq

/** Target puts hang from now on: what is tried stays under way. */
function hang(world: World): { readonly remove: () => void } {
  world.b.faults.clear()
  return world.b.faults.add({ on: 'PutObject', key: /^(k|slow)/, do: { kind: 'hang' } })
}

const underWay = (world: World): Promise<void> =>
  expect.poll(() => world.api().transfers.list().length, { timeout: 15_000 }).toBeGreaterThan(0)

test('badge, list, links, causes and states tell one count, whatever becomes of the items', async () => {
  const world = await parkedWorld(['k/1', 'k/2', 'k/3', 'k/4'], { timeouts: { responseMs: 5000 } })
  expect(await countsOf(world.api())).toEqual(allAre(4))
  hang(world)
  await jobEnd(
    world,
    (await world.api().failures.retry({ seqs: [await seqOf(world, 'k/1'), await seqOf(world, 'k/2')] })).id,
  )
  await underWay(world)
  expect(await countsOf(world.api())).toEqual(allAre(4))
  // Offered again by a new event: looked at once more, and still not in step.
  await world.stop()
  await world.start()
  await underWay(world)
  expect(await countsOf(world.api())).toEqual(allAre(4))
  world.b.faults.clear()
  await jobEnd(world, (await world.api().failures.retry({ filter: failureFilter.parse({}) })).id)
  await world.settled()
  expect(await countsOf(world.api())).toEqual(allAre(0))
})

test('an item that a worker has says so', async () => {
  const world = await parkedWorld(['k'])
  hang(world)
  await jobEnd(world, (await world.api().failures.retry({ seqs: [await seqOf(world, 'k')] })).id)
  await underWay(world)
  expect(await world.failures()).toMatchObject([{ state: 'leased', nextAttemptAt: null }])
})

test('a retry says what it did: what was under way already has not left the list', async () => {
  const world = await parkedWorld(['k/1', 'k/2'])
  const [one, two] = [await seqOf(world, 'k/1'), await seqOf(world, 'k/2')]
  hang(world)
  const first = await world.api().failures.retry({ seqs: [one] })
  expect(first.title).toBe('Retry 1 item')
  expect(await jobEnd(world, first.id)).toBe('1 tried again.')
  await underWay(world)
  expect(await jobEnd(world, (await world.api().failures.retry({ seqs: [one, two] })).id)).toBe(
    '1 tried again; 1 was in the queue or under way already.',
  )
})

test('attempts go on counting when an operator retries, in the list and in the history', async () => {
  const world = await parkedWorld(['k'])
  const { seq, attempts: first } = (await world.failures())[0]!
  for (const attempts of [first + 1, first + 2]) {
    await jobEnd(world, (await world.api().failures.retry({ seqs: [seq] })).id)
    await expect
      .poll(async () => (await world.failures()).map((failure) => [failure.attempts, failure.state]), {
        timeout: 15_000,
      })
      .toEqual([[attempts, 'parked']])
  }
  const { history } = await world.api().failures.get({ seq })
  expect(history.slice(-5).map(({ what, attempt }) => [what, attempt])).toEqual([
    ['parked', first],
    ['retried', null],
    ['parked', first + 1],
    ['retried', null],
    ['parked', first + 2],
  ])
  // Counted from 1, and each once.
  const counted = history.flatMap(({ attempt }) => attempt ?? [])
  expect(counted).toEqual(counted.map((_, index) => index + 1))
})

test('an item that settled keeps its name and history, also after a restart', async () => {
  const world = await parkedWorld(['k'])
  const [failure] = await world.failures()
  world.b.faults.clear()
  await jobEnd(world, (await world.api().failures.retry({ seqs: [failure!.seq] })).id)
  await world.settled()
  await world.stop()
  await world.start()
  const { key, versionId, ruleId, source, target } = failure!
  const detail = await world.api().failures.get({ seq: failure!.seq })
  expect(detail).toMatchObject({ state: 'settled', did: 'copied', key, versionId, ruleId, source, target })
  expect(detail.history.at(-1)).toMatchObject({ what: 'settled', attempt: failure!.attempts + 1 })
})

test('an item whose version went at the source is not told as arrived', async () => {
  const world = await parkedWorld(['k'])
  const { seq, key, versionId } = (await world.failures())[0]!
  await remove(world.s3.a, key, versionId!)
  await jobEnd(world, (await world.api().failures.retry({ seqs: [seq] })).id)
  await expect.poll(async () => (await world.failures()).length, { timeout: 15_000 }).toBe(0)
  expect(await world.api().failures.get({ seq })).toMatchObject({ state: 'settled', did: 'source-gone', key })
})

test('a number that no item ever had is not known, neither looked up nor retried', async () => {
  const world = await parkedWorld(['k'])
  const unknown = { fault: expect.objectContaining({ code: 'NOT_FOUND', message: 'No item has the number 999999.' }) }
  await expect(world.api().failures.get({ seq: 999_999 })).rejects.toMatchObject(unknown)
  await expect(world.api().failures.retry({ seqs: [999_999] })).rejects.toMatchObject(unknown)
  const mixed = await world.api().failures.retry({ seqs: [await seqOf(world, 'k'), 999_999] })
  expect(await jobEnd(world, mixed.id)).toBe('1 tried again; 1 is not known.')
})

test('an item that never failed is on its way, and neither settled nor failed', async () => {
  const world = await startWorld({ rules: [{ scanIntervalSeconds: 604_800 }] })
  hang(world)
  await world.put('slow')
  await underWay(world)
  const [transfer] = world.api().transfers.list()
  const detail: FailureDetail = await world.api().failures.get({ seq: transfer!.seq })
  expect(detail).toMatchObject({ state: 'pending', key: 'slow' })
})

test('what waits for a site that is down names the site, in the list and on the command line, and no time', async () => {
  const world = await startWorld({ stopped: true, rules: [{ scanIntervalSeconds: 604_800 }] })
  for (const key of ['k/1', 'k/2']) await world.put(key)
  world.b.faults.add({ on: 'PutObject', key: /^(k|slow)/, do: { kind: 'server-error', status: 503 } })
  await world.start(undefined, { retry: { baseDelayMs: 600_000, maxDelayMs: 600_000 } })
  await expect.poll(async () => (await world.failures()).length, { timeout: 20_000 }).toBeGreaterThan(0)
  await world.b.close()
  await expect
    .poll(
      () =>
        world
          .api()
          .sites.list()
          .find(({ id }) => id === 'b')?.health.state,
      { timeout: 40_000 },
    )
    .toBe('offline')
  const page = await pageOf(world.api())
  for (const row of page.rows)
    expect(row).toMatchObject({
      nextAttemptAt: null,
      waits: { until: 'Site B answers', because: 'offline', sinceAt: expect.any(Number) },
    })
  expect(failuresLines(page).join('\n')).toContain('when Site B answers')
  expect(failuresLines(page).join('\n')).not.toMatch(/in \d+/)
  const retried = await world.api().failures.retry({ seqs: [page.rows[0]!.seq] })
  expect(await jobEnd(world, retried.id)).toBe('1 runs when Site B answers.')
}, 90_000)

test('a console that reads the list only when it is told to ends with the truth', async () => {
  const world = await parkedWorld(['k/1', 'k/2'], { timeouts: { responseMs: 3000 } })
  const end = new AbortController()
  let seen: readonly string[] = []
  const read = async (): Promise<readonly string[]> =>
    (await world.failures()).map(({ key, state }) => `${key} ${state}`)
  const watching = (async () => {
    for await (const { topics } of world.api().live.watch(end.signal))
      if (topics.includes('failures')) seen = await read()
  })()
  hang(world)
  await jobEnd(world, (await world.api().failures.retry({ seqs: [await seqOf(world, 'k/1')] })).id)
  await underWay(world)
  await expect.poll(() => seen, { timeout: 10_000 }).toEqual(['k/1 leased', 'k/2 parked'])
  world.b.faults.clear()
  await expect.poll(() => seen, { timeout: 30_000 }).toEqual(['k/2 parked'])
  end.abort()
  await watching
})
