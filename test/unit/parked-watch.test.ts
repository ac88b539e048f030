import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fault, type FaultCode } from '../../shared/model/fault.ts'
import type { FailureCause } from '../../electron/engine/journal/port/tasks.ts'
import { parkedWatch } from '../../electron/engine/link/causes/parked-watch.ts'
import { MemoryRecords } from '../support/memory-records.ts'
import { HandClock } from './scan-world.ts'

const cause = (rule: string, count: number, code: FaultCode = 'ACCESS_DENIED'): FailureCause => ({
  linkId: `${rule}/b/data`,
  code,
  count,
  fault: fault(code, 'PutObject data/x: answered 403.', { site: 'b' }),
})

async function world(kept = new MemoryRecords()) {
  const clock = new HandClock()
  const told: string[] = []
  let found: readonly FailureCause[] = []
  let counted = 0
  let takesMs = 0
  let changed = (): void => undefined
  const watch = parkedWatch({
    failures: async () => {
      counted += 1
      clock.wind(takesMs)
      return found
    },
    onFailures: (listener) => (changed = listener),
    ruleOf: (linkId) => linkId.split('/')[0]!,
    siteName: () => 'Oslo',
    elapsedMs: () => clock.now(),
    records: kept,
    tell: (level, _, text) => told.push(`${level}: ${text}`),
    clock,
  })
  await watch.start()
  return {
    told,
    kept,
    counted: () => counted,
    slow: (ms: number) => (takesMs = ms),
    see: (now: readonly FailureCause[]) => {
      found = now
      changed()
      return look(clock)
    },
    pass: () => look(clock),
  }
}

/** A look every two seconds, and the answer that it waits for. */
async function look(clock: HandClock): Promise<void> {
  clock.wind(2000)
  await setImmediate()
}

const title = 'Items are set aside at Oslo. The access key may not do this.'

test('a cause is told once however many items and rules meet it, and once with their number when none is left', async () => {
  const { told, see } = await world()
  for (let items = 1; items <= 5000; items += 100) await see([cause('photos', items), cause('ledger', items)])
  await see([cause('photos', 5000), cause('ledger', 4000)])
  expect(told).toEqual([`error: ${title} 802 items need attention so far: rules ledger, photos.`])
  await see([cause('photos', 12)])
  await see([])
  await see([cause('photos', 1)])
  expect(told).toHaveLength(1)
  for (let look = 0; look < 3; look++) await see([])
  expect(told.slice(1)).toEqual([`info: No item is set aside any more by this: ${title} 9,802 items were.`])
})

test('another code is another cause, and a single item is told of too', async () => {
  const { told, see } = await world()
  for (let look = 0; look < 3; look++) await see([cause('photos', 1), cause('photos', 2, 'OBJECT_ARCHIVED')])
  expect(told).toEqual([
    `error: ${title} 1 item needs attention so far: rule photos.`,
    'error: Items are set aside at Oslo. The object is archived at the source and cannot be read. 2 items need attention so far: rule photos.',
  ])
})

test('what was told before a restart is not told again, and its end is', async () => {
  const first = await world()
  for (let look = 0; look < 3; look++) await first.see([cause('photos', 7)])
  const { told, see } = await world(first.kept)
  for (let look = 0; look < 40; look++) await see([cause('photos', 6)])
  expect(told).toEqual([])
  for (let look = 0; look < 3; look++) await see([])
  expect(told).toEqual([`info: No item is set aside any more by this: ${title} 7 items were.`])
})

test('nothing is counted while the list is the same, and a long list seldom', async () => {
  const { counted, see, pass, slow } = await world()
  await see([cause('photos', 1)])
  const before = counted()
  for (let look = 0; look < 10; look++) await pass()
  expect(counted()).toBe(before)
  slow(400)
  for (let look = 0; look < 100; look++) await see([cause('photos', look)])
  expect(counted() - before).toBeLessThanOrEqual(12)
})
