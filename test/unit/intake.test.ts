import { expect, test } from 'vitest'
import type { Change } from '../../electron/engine/feed/port.ts'
import { Brakes } from '../../electron/engine/brake/brakes.ts'
import { createIntake } from '../../electron/engine/intake/intake.ts'
import type { Found, ChangeOrigin } from '../../electron/engine/intake/port.ts'
import type { NewTask, TaskRow } from '../../electron/engine/journal/port/tasks.ts'
import { Remembered } from '../../electron/engine/journal/remembered.ts'
import { indexRules } from '../../electron/engine/rule/decide.ts'
import { linksOf } from '../../electron/engine/rule/link.ts'
import { ruleSchema } from '../../shared/model/rule.ts'
import { MemoryRecords } from '../support/memory-records.ts'

const rule = ruleSchema.parse({
  id: 'r',
  source: { site: 'a', bucket: 'data' },
  targets: [{ site: 'b', bucket: 'copy' }],
  versionDeletes: true,
  deleteBrake: { count: 2, share: 0.5, windowMs: 1000 },
})
const link = linksOf(rule)[0]!

/** A door with a queue that gives numbers; `waiting` are versions that the journal holds already. */
async function door(waiting: readonly string[] = []) {
  const log: string[] = []
  let seq = 0
  const brakes = new Brakes({
    marks: await Remembered.ofRecords(new MemoryRecords(), 'brake/'),
    now: () => 1,
    linksOf: () => [link.linkId],
    seed: 'test',
    onTrip: ({ id }) => void log.push(`hold ${id}`),
  })
  const intake = createIntake({
    index: () => indexRules([rule]),
    brakes,
    atOnce: { unsettled: () => waiting.map((versionId) => ({ versionId }) as TaskRow) },
    skewMs: () => 0,
    queue: {
      enqueue(tasks, urgent) {
        log.push(`enqueue ${tasks.length}${urgent === undefined ? '' : ' at once'}`)
        const seqs = tasks.map(() => ++seq)
        urgent?.committed?.(seqs)
        return Promise.resolve(seqs)
      },
    },
  })
  return { intake, log }
}

const told = (versionId: string): Change => ({
  siteId: 'a',
  bucket: 'data',
  key: 'k',
  versionId,
  operation: 'deleteVersion',
  sizeBytes: null,
  changedAt: 1,
})
const found = (versionId: string): Found => {
  const { key, operation, sizeBytes, changedAt } = told(versionId)
  const task: NewTask = { linkId: link.linkId, key, versionId, operation, sizeBytes, changedAt, absentSeenAt: 0 }
  return { link, task }
}
const burst = ['v1', 'v2', 'v3']

test('the brake counts deletes from wherever they come, once, and not what is no change', async () => {
  const origins: readonly ChangeOrigin[] = [
    { kind: 'event' },
    { kind: 'client' },
    { kind: 'scan', startedAt: 1 },
    { kind: 'attributes' },
    { kind: 'again' },
    { kind: 'dual-write', committed: () => undefined },
  ]
  const logs = await Promise.all(
    origins.map(async (origin) => {
      const { intake, log } = await door()
      const isTold = origin.kind === 'event' || origin.kind === 'client'
      await (isTold ? intake.offer(burst.map(told), origin) : intake.offer(burst.map(found), origin))
      return `${origin.kind}: ${log.join(', ')}`
    }),
  )
  expect(logs).toEqual([
    'event: hold r, enqueue 3',
    'client: hold r, enqueue 3 at once',
    'scan: hold r, enqueue 3',
    'attributes: enqueue 3',
    'again: enqueue 3',
    'dual-write: enqueue 3 at once',
  ])
})

test('what a scan finds is new unless it waits already, and only the new is counted', async () => {
  const { intake, log } = await door(['v1', 'v2'])
  const placed = await intake.offer(burst.map(found), { kind: 'scan', startedAt: 1 })
  expect(placed.map(({ change, seq, isNew }) => [change.task.versionId, seq, isNew])).toEqual([
    ['v1', 1, false],
    ['v2', 2, false],
    ['v3', 3, true],
  ])
  expect(log).toEqual(['enqueue 3'])
})

test('a delete that an event told is no second one when a scan finds it', async () => {
  const { intake, log } = await door()
  await intake.offer(['v1', 'v2'].map(told), { kind: 'event' })
  await intake.offer(['v1', 'v2'].map(found), { kind: 'scan', startedAt: 1 })
  expect(log).toEqual(['enqueue 2', 'enqueue 2'])
})

test('a dual write hears its numbers before they are on the disk', async () => {
  const { intake } = await door()
  const heard: number[] = []
  await intake.offer([found('v1')], { kind: 'dual-write', committed: (seqs) => heard.push(...seqs) })
  expect(heard).toEqual([1])
})
