import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startWorld } from '../support/world.ts'

const size = 4 << 20
/** Rates are over the last ten seconds, of which the one under way counts in part. */
const once = { atLeast: (0.99 * size) / 10, atMost: (1.01 * size) / 9 }

test('each byte that is copied counts once in the rate that is shown', async () => {
  const world = await startWorld()
  await world.settled()
  await world.put('k', Buffer.alloc(size))
  await eventually(() => expect(world.link().bytesPerSecond).toBeGreaterThan(once.atLeast))
  await world.settled()
  expect(world.link().bytesPerSecond).toBeLessThan(once.atMost)
})
