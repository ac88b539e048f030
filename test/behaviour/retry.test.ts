import { expect, test } from 'vitest'
import { failureFilter } from '../../shared/api/inputs.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { startWorld, type World } from '../support/world.ts'

async function worldOfFailures(): Promise<{ readonly world: World; readonly mend: () => void }> {
  const world = await startWorld({ stopped: true })
  for (const key of ['deny/1', 'deny/2', 'deny/3', 'class/1', 'class/2', 'fine']) await world.put(key)
  const denied = world.b.faults.add({ on: 'PutObject', key: /^deny/, do: { kind: 'deny' } })
  const broken = world.b.faults.add({ on: 'PutObject', key: /^class/, do: { kind: 'server-error', status: 501 } })
  await world.start()
  await expect.poll(async () => (await world.failures()).length, { timeout: 15_000 }).toBe(5)
  // A version that was offered again while its first attempt ran has another one to come.
  const parked = async (): Promise<number> =>
    (await world.failures()).filter(({ key, state }) => key.startsWith('deny') && state === 'parked').length
  await expect.poll(parked, { timeout: 15_000 }).toBe(3)
  return {
    world,
    mend: () => {
      denied.remove()
      broken.remove()
    },
  }
}

const failedKeys = async (world: World): Promise<readonly string[]> =>
  (await world.failures()).map(({ key }) => key).toSorted()

test('every failure is listed with code, cause, remedy and attempts, and what is parked stays so until it is retried', async () => {
  const { world } = await worldOfFailures()
  await expect
    .poll(async () => (await world.failures()).filter(({ state }) => state === 'parked').length)
    .toBeGreaterThanOrEqual(3)
  const failure = (await world.failures()).find(({ key }) => key === 'deny/1')!
  expect(failure).toMatchObject({ state: 'parked', nextAttemptAt: null, operation: 'put' })
  // More than one where the version was offered again while its first attempt ran.
  const attempts = (await world.api().failures.get({ seq: failure.seq })).history.flatMap(
    ({ attempt }) => attempt ?? [],
  )
  expect(attempts.at(-1)).toBe(failure.attempts)
  expect(failure.fault).toMatchObject({
    code: 'ACCESS_DENIED',
    retry: 'never',
    site: 'b',
    remedy: expect.stringMatching(/right/),
  })
  expect(failure.fault.message).toContain('PutObject data/deny/1')
  const tried = world.b.requests.count({ operation: 'PutObject', key: 'deny/1' })
  await world.stop()
  await world.start()
  await world.settled(2_000).catch(() => undefined)
  expect(world.b.requests.count({ operation: 'PutObject', key: 'deny/1' })).toBe(tried)
  const { history } = await world
    .api()
    .failures.get({ seq: (await world.failures()).find(({ key }) => key === 'deny/1')!.seq })
  expect(history.map(({ what }) => what)).toContain('parked')
})

test('one failure is retried, then the selected, then all that match a filter', async () => {
  const { world, mend } = await worldOfFailures()
  mend()
  const seqOf = async (key: string): Promise<number> =>
    (await world.failures()).find((failure) => failure.key === key)!.seq
  const settledKeys = async (left: readonly string[]): Promise<void> =>
    expect
      .poll(async () => (await failedKeys(world)).filter((key) => key.startsWith('deny')), { timeout: 10_000 })
      .toEqual(left)
  await world.api().failures.retry({ seqs: [await seqOf('deny/2')] })
  await settledKeys(['deny/1', 'deny/3'])
  await world.api().failures.retry({ seqs: [await seqOf('deny/1')] })
  await settledKeys(['deny/3'])
  const job = await world.api().failures.retry({ filter: failureFilter.parse({ search: 'deny/' }) })
  await settledKeys([])
  expect(
    world
      .api()
      .jobs.list()
      .find(({ id }) => id === job.id)?.result,
  ).toBe('1 tried again.')
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await world.failures()).toEqual([])
})

test('a retry that fails again is listed again, with its new cause', async () => {
  const { world } = await worldOfFailures()
  world.b.faults.clear()
  world.b.faults.add({ on: 'PutObject', key: 'deny/1', do: { kind: 'full' } })
  await world.api().failures.retry({ seqs: [(await world.failures()).find(({ key }) => key === 'deny/1')!.seq] })
  await expect
    .poll(async () => (await world.failures()).find(({ key }) => key === 'deny/1')?.fault.code, { timeout: 10_000 })
    .toBe('QUOTA_EXCEEDED')
})
