import { expect, onTestFinished, test } from 'vitest'
import { TransferPool } from '../../electron/engine/worker/pool.ts'
import type { Outcome, TaskOrder } from '../../electron/engine/worker/port.ts'

/** A thread that takes tasks of `deadly` as its end, and reports every other as copied. */
const entry = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    const outcome = { kind: 'settled', did: 'copied', bytes: 1, learned: [], forgotten: [] }
    parentPort.on('message', ({ type, tasks }) => {
      if (type === 'stop') parentPort.postMessage({ type: 'stopped' })
      if (type !== 'tasks' || tasks.some(({ key }) => key === 'stuck')) return
      if (tasks.some(({ key }) => key === 'deadly')) throw new Error('out of memory')
      parentPort.postMessage({ type: 'outcomes', outcomes: tasks.map(({ seq }) => [seq, outcome]) })
    })`)}`,
)

const order = (seq: number, key: string): TaskOrder => ({
  seq,
  linkId: 'r/b/data',
  key,
  versionId: 'v',
  operation: 'put',
  sizeBytes: 1,
  changedAt: 0,
  attempt: 1,
  fresh: false,
  pairs: [],
  upload: null,
})

test('the tasks of a thread that dies come back with a fault, and another thread takes its place', async () => {
  const outcomes = new Map<number, Outcome>()
  const died: unknown[] = []
  const pool = new TransferPool(
    entry,
    1,
    {},
    {
      onOutcomes: (ended) => ended.forEach(([seq, outcome]) => outcomes.set(seq, outcome)),
      onMoved: () => undefined,
      onUploadStarted: () => Promise.resolve(),
      onPartDone: () => undefined,
      onUploadEnded: () => undefined,
      onThreadDied: (error) => died.push(error),
    },
  )
  onTestFinished(() => pool.stop())
  pool.run([order(1, 'stuck')])
  pool.run([order(2, 'deadly')])
  await expect.poll(() => outcomes.size, { timeout: 5000 }).toBe(2)
  const lost = { kind: 'fault', fault: expect.objectContaining({ code: 'INTERNAL', retry: 'backoff' }) as unknown }
  expect([outcomes.get(1), outcomes.get(2), died.length]).toEqual([lost, lost, 1])
  pool.run([order(3, 'fine')])
  await expect.poll(() => outcomes.get(3), { timeout: 5000 }).toMatchObject({ kind: 'settled' })
})
