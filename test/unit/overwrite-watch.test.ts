import { expect, test } from 'vitest'
import { OverwriteWatch } from '../../electron/engine/brake/overwrite-watch.ts'
import type { NewTask, TaskRow } from '../../electron/engine/journal/port/tasks.ts'
import type { Outcome } from '../../electron/engine/replicate/port.ts'

const brake = { count: 0, bucketShare: 1, windowMs: 600_000 }

const change = (key: string, operation: 'put' | 'deleteMarker', changedAt: number): NewTask => ({
  linkId: 'r/0',
  key,
  versionId: `${changedAt}`,
  operation,
  sizeBytes: 1,
  changedAt,
  absentSeenAt: 0,
})

const rowOf = (task: NewTask): TaskRow => {
  const never = { dueAt: 0, fault: null, firstFailedAt: null, lastAttemptAt: null }
  return { ...task, ...never, seq: 1, state: 'ready', revision: 1, attempts: 0, triedBefore: 0, enqueuedAt: 0 }
}

/** When the burst began, after these changes came and were judged so, one after the other. */
function beginOf(steps: readonly (readonly [NewTask, 'suspicious' | 'unjudged'])[]): number | undefined {
  const watch = new OverwriteWatch([], 'seed')
  const tasks = steps.map(([task]) => task)
  watch.noted(tasks, brake, 5000)
  const trips = steps.map(([task, judged]) => {
    const did = { kind: 'settled', did: 'copied', bytes: 1, learned: [], forgotten: [] } as const
    const outcome: Extract<Outcome, { kind: 'settled' }> = judged === 'unjudged' ? did : { ...did, judged }
    return watch.ended(
      { task: rowOf(task), lane: 'small', knownAbsent: true, mayHaveRun: false, attemptId: '1' },
      outcome,
      brake,
      null,
      5000,
    )
  })
  return trips.find((trip) => trip !== null)?.from
}

const removed = change('file.docx', 'deleteMarker', 1000)
const replaced = change('file.docx.locked', 'put', 2000)

test.each([
  ['deleted before its replacement was written', [[replaced, 'suspicious']]],
  [
    'deleted before, and the pair was not among those that are judged',
    [
      [replaced, 'unjudged'],
      [change('other.docx', 'put', 3000), 'suspicious'],
    ],
  ],
] as const)('a burst began with the first change of a pair: %s', (_how, steps) => {
  expect(beginOf([[removed, 'unjudged'], ...steps])).toBe(1000)
})

test('a burst began with the new name where that was written first', () => {
  const written = change('file.docx.locked', 'put', 1000)
  expect(
    beginOf([
      [written, 'unjudged'],
      [change('file.docx', 'deleteMarker', 2000), 'suspicious'],
    ]),
  ).toBe(1000)
})

test('what was deleted before and written anew under its own name is no pair', () => {
  const again = change('file.docx', 'put', 2000)
  expect(
    beginOf([
      [removed, 'unjudged'],
      [again, 'suspicious'],
    ]),
  ).toBe(2000)
})
