import { expect, onTestFinished, test } from 'vitest'
import { fault } from '../../shared/model/fault.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { Lease } from '../../electron/engine/queue/port.ts'
import { createQueue } from '../../electron/engine/queue/task-queue.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'
import { WoundClock } from './site-clock.ts'

const plenty = { small: 1000, large: 1000, mrf: 1000 }
const done = { bytes: 1, learned: [], forgotten: [] }
const groups = { one: 'g', two: 'g', alone: undefined } as const
type LinkId = keyof typeof groups

/** Two links of one order group, and a third that is alone. */
async function makeWorld() {
  const temp = await makeTempDir('group')
  const clock = new WoundClock()
  const journal = openJournal({ dir: temp.path, now: clock.now, limits: { flushDelayMs: 0 } })
  const queue = createQueue({
    tasks: journal.tasks,
    atOnce: journal.atOnce,
    now: clock.now,
    random: () => 0,
    timers: clock,
  })
  for (const linkId of Object.keys(groups) as LinkId[])
    queue.addLink({ linkId, priority: 0, sourceSite: 'a', targetSite: 'b', orderGroup: groups[linkId] })
  onTestFinished(async () => {
    queue.close()
    await journal.close()
    await temp.remove()
  })
  const put = async (linkId: LinkId, key: string, versionId: string): Promise<void> => {
    const usual = { operation: 'put', sizeBytes: 1, changedAt: clock.now(), absentSeenAt: 0 } as const
    await queue.enqueue([{ linkId, key, versionId, ...usual }])
  }
  /** The first tasks of a run wait until the mark of what may be handed out is on the disk. */
  const lease = async (): Promise<readonly Lease[]> => {
    const early = queue.lease(plenty)
    if (early.length > 0) return early
    await journal.flush()
    return queue.lease(plenty)
  }
  return { clock, queue, put, lease }
}

const names = (leases: readonly Lease[]) => leases.map(({ task }) => `${task.linkId} ${task.key} ${task.versionId}`)

test('links of one order group have one order per key, and are free of each other at other keys', async () => {
  const { queue, put, lease } = await makeWorld()
  await put('one', 'k', '1')
  await put('two', 'k', '2')
  await put('one', 'k', '3')
  await put('two', 'other', '4')
  await put('alone', 'k', '5')
  const first = await lease()
  expect(names(first).toSorted()).toEqual(['alone k 5', 'one k 1', 'two other 4'])
  await queue.ack(
    first.find(({ task }) => task.versionId === '1')!,
    done,
  )
  const second = await lease()
  expect(names(second)).toEqual(['two k 2'])
  await queue.ack(second[0]!, done)
  expect(names(await lease())).toEqual(['one k 3'])
})

test('what failed holds back the later ones of its key in every member, what is set aside and what is held do not', async () => {
  const { queue, put, lease } = await makeWorld()
  await put('one', 'k', '1')
  await put('two', 'k', '2')
  const [first] = await lease()
  await queue.nack(first!, fault('SERVER_ERROR', 'no'))
  expect(names(await lease())).toEqual([])
  queue.hold('one', 'test')
  const second = await lease()
  expect(names(second)).toEqual(['two k 2'])
  await queue.ack(second[0]!, done)
  queue.unhold('one', 'test')
  await put('one', 'p', '3')
  await put('two', 'p', '4')
  const [parked] = await lease()
  await queue.nack(parked!, fault('ACCESS_DENIED', 'no'))
  expect(names(await lease())).toEqual(['two p 4'])
})

test('whatever comes and ends in whatever order, no key is with two workers, and all ends', async () => {
  const random = new Random(7)
  const { clock, queue, put, lease } = await makeWorld()
  const out = new Map<string, Lease>()
  const at = ({ task }: Lease): string => task.key
  const take = async (): Promise<void> => {
    for (const one of await lease()) {
      if (one.task.linkId === 'alone') continue
      expect(out.has(at(one))).toBe(false)
      out.set(at(one), one)
    }
  }
  for (let step = 0; step < 300; step++) {
    const linkId = random.pick(['one', 'two'] as const)
    if (random.next() < 0.5) await put(linkId, random.pick(['k', 'l']), String(step))
    else if (out.size > 0) {
      const [ended] = out.values()
      out.delete(at(ended!))
      if (random.next() < 0.7) await queue.ack(ended!, done)
      else if (random.next() < 0.5) await queue.nack(ended!, fault('SERVER_ERROR', 'no'))
      else queue.release(ended!)
    }
    if (random.next() < 0.1) await clock.wind(60_000)
    await take()
  }
  for (let step = 0; step < 1000 && !queue.idle(); step++) {
    for (const one of out.values()) await queue.ack(one, done)
    out.clear()
    await clock.wind(60_000)
    await take()
  }
  expect(queue.idle()).toBe(true)
})
