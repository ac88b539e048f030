import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { HeldCause } from '../../shared/model/sync-state.ts'
import { heldWatch } from '../../electron/engine/link/causes/held-watch.ts'
import { MemoryRecords } from '../support/memory-records.ts'
import { HandClock } from './scan-world.ts'

const cause = (rules: number, what: HeldCause['what'] = 'target'): HeldCause => ({
  id: `${what}/ACCESS_DENIED/b`,
  what,
  code: 'ACCESS_DENIED',
  siteId: 'b',
  siteName: 'Oslo',
  elsewhere: null,
  reason: 'PutObject data: answered 403.',
  remedy: 'Grant it.',
  since: 0,
  linkIds: Array.from({ length: rules }, (_, at) => `rule-${at}/b/data`),
  ruleIds: Array.from({ length: rules }, (_, at) => `rule-${at}`),
})

async function world(kept = new MemoryRecords()) {
  const clock = new HandClock()
  const told: string[] = []
  let causes: readonly HeldCause[] = []
  const watch = heldWatch({
    causes: () => causes,
    records: kept,
    tell: (level, _, text) => told.push(`${level}: ${text}`),
    clock,
  })
  await watch.start()
  return { told, kept, watch, see }

  /** A look every two seconds, and the answer that it waits for. */
  async function see(now: readonly HeldCause[]): Promise<void> {
    causes = now
    clock.wind(2000)
    await setImmediate()
  }
}

test('a cause is told once with all that it holds when its number stands still, and once when it has ended', async () => {
  const { told, see } = await world()
  for (const rules of [3, 120, 195, 200, 200]) await see([cause(rules)])
  for (let look = 0; look < 60; look++) await see([cause(200)])
  expect(told).toEqual([
    'error: Oslo cannot be used as a target. The access key may not do this. 200 rules are held: rule-0, rule-1, rule-2, rule-3 and 196 more.',
  ])
  await see([])
  await see([cause(1)])
  expect(told).toHaveLength(1)
  for (let look = 0; look < 3; look++) await see([])
  expect(told.slice(1)).toEqual([
    'info: No rule is held any more by this: Oslo cannot be used as a target. The access key may not do this.',
  ])
})

test('what was told before a restart is not told again, what passes at once and what a site’s own event tells not at all', async () => {
  const first = await world()
  for (let look = 0; look < 3; look++) await first.see([cause(2)])
  const { told, see } = await world(first.kept)
  for (let look = 0; look < 5; look++) await see([])
  for (let look = 0; look < 40; look++) await see([cause(2)])
  for (let look = 0; look < 5; look++) await see([cause(2), cause(2, 'offline')])
  await see([cause(2), cause(2, 'listing')])
  await see([cause(2)])
  expect(told).toEqual([])
})
