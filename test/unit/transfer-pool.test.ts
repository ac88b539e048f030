import { expect, onTestFinished, test } from 'vitest'
import { fidelityKindsOf } from '../../shared/model/fidelity.ts'
import { ruleSchema } from '../../shared/model/rule.ts'
import { TransferPool, type PoolEvents } from '../../electron/engine/worker/pool.ts'
import type { LinkOrder, Outcome, TaskOrder } from '../../electron/engine/replicate/port.ts'

/**
 * A thread that takes tasks of `deadly` as its end and reports every other as copied. A listing of `silent` is not answered, any
 * other with the number of the thread and, as folders, with what it was told of links and keys.
 */
const entry = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from 'node:worker_threads'
    const outcome = { kind: 'settled', did: 'copied', bytes: 1, learned: [], forgotten: [] }
    const told = new Map()
    parentPort.on('message', ({ type, tasks, call, request, link, pacer, keys, linkId }) => {
      if (type === 'link') told.set(link.linkId, link.linkId + ' at ' + new BigInt64Array(pacer)[1])
      if (type === 'forget-link') told.delete(linkId)
      if (type === 'sse-c-keys') told.set('keys', keys.map(({ name }) => name).join())
      const page = { entries: [], next: { keyMarker: String(threadId) }, folders: [...told.values()].sort() }
      if (type === 'list' && request.bucket !== 'silent') parentPort.postMessage({ type: 'listed', call, page, fault: null })
      if (type === 'stop') parentPort.close()
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
  attemptId: '1',
  knownAbsent: false,
  pairs: [],
  upload: null,
})

const rule = ruleSchema.parse({
  id: 'r',
  source: { site: 'a', bucket: 'data' },
  targets: [{ site: 'b', bucket: 'data' }],
})

const linkOf = (linkId: string): LinkOrder => ({
  ruleId: 'r',
  linkId,
  source: rule.source,
  target: { site: 'b', bucket: 'data' },
  rule,
  identity: 'mints',
  fidelity: fidelityKindsOf(rule, null, null),
  ordersByMtime: false,
  copySince: 0,
})

function openPool(threads: number) {
  const outcomes = new Map<number, Outcome>()
  const died: unknown[] = []
  const events: PoolEvents = {
    onOutcomes: (ended) => ended.forEach(([seq, outcome]) => outcomes.set(seq, outcome)),
    onMoved: () => undefined,
    onUploadStarted: () => Promise.resolve(),
    onPartDone: () => undefined,
    onUploadEnded: () => undefined,
    onMarker: () => Promise.resolve(),
    onMarkerEnded: () => undefined,
    onThreadDied: (error) => died.push(error),
  }
  const pool = new TransferPool(entry, threads, {}, events)
  onTestFinished(() => pool.stop())
  return { pool, outcomes, died }
}

test('the tasks of a thread that dies come back with a fault, and another thread takes its place', async () => {
  const { pool, outcomes, died } = openPool(1)
  pool.run([order(1, 'stuck')])
  pool.run([order(2, 'deadly')])
  await expect.poll(() => outcomes.size, { timeout: 5000 }).toBe(2)
  const lost = { kind: 'fault', fault: expect.objectContaining({ code: 'INTERNAL', retry: 'backoff' }) as unknown }
  expect([outcomes.get(1), outcomes.get(2), died.length]).toEqual([lost, lost, 1])
  pool.run([order(3, 'fine')])
  await expect.poll(() => outcomes.get(3), { timeout: 5000 }).toMatchObject({ kind: 'settled' })
})

test('a thread that takes the place of another knows what the others know', async () => {
  const { pool, died } = openPool(2)
  pool.link(linkOf('r/b/data'), 1000)
  pool.link(linkOf('r/gone'), null)
  pool.sseCKeys([{ name: 'red', key: '', md5: '' }])
  pool.forgetLink('r/gone')
  pool.run([order(1, 'deadly')])
  await expect.poll(() => died.length, { timeout: 5000 }).toBe(1)
  pool.link(linkOf('r/b/data'), 2000)
  const pages = await Promise.all([1, 2].map(() => pool.list('s', { bucket: 'data', prefix: '' })))
  expect(new Set(pages.map(({ next }) => next?.keyMarker)).size).toBe(2)
  expect(pages.map(({ folders }) => folders)).toEqual([
    ['r/b/data at 2000', 'red'],
    ['r/b/data at 2000', 'red'],
  ])
})

test('listings go to every thread: none waits behind others while a thread has nothing to do', async () => {
  const { pool } = openPool(3)
  const abort = new AbortController()
  const left = Array.from({ length: 5 }, () => pool.list('s', { bucket: 'silent', prefix: '' }, abort.signal))
  const gone = Promise.allSettled(left)
  const pages = await Promise.all(Array.from({ length: 9 }, () => pool.list('s', { bucket: 'data', prefix: '' })))
  const byThread = Map.groupBy(pages, ({ next }) => next?.keyMarker)
  expect([...byThread.values()].map(({ length }) => length)).toEqual([3, 3, 3])
  abort.abort(new Error('no longer wanted'))
  await gone
})
