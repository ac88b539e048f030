import { expect, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { startWorld } from '../support/world.ts'

test('what is under way or waits when the engine stops is in the journal still', async () => {
  const world = await startWorld({ config: { workers: { limit: 4 } } })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', do: { kind: 'hang' } })
  for (let at = 0; at < 10; at++) await world.put(`key-${at}`)
  await expect.poll(() => [world.link().inFlight, world.link().backlogCount], { timeout: 10_000 }).toEqual([4, 10])
  const { linkId } = world.link()
  await world.stop()
  const journal = openJournal({ dir: world.dataDir, now: Date.now })
  const { backlogCount, settledCount } = journal.atOnce.totals(linkId)
  await journal.close()
  expect({ backlogCount, settledCount }).toEqual({ backlogCount: 10, settledCount: 0 })
})
