import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasCaughtUp } from '../../electron/engine/gateway/acks/degraded-rules.ts'
import { PendingWrite } from '../../electron/engine/gateway/acks/pending-write.ts'
import { promiseState, type TargetState } from '../../electron/engine/gateway/acks/promise-state.ts'
import { neededTargets } from '../../shared/model/quorum.ts'
import { ruleSchema } from '../../shared/model/rule.ts'
import { linksOf } from '../../electron/engine/rule/link.ts'
import { TaskEnds, type TaskEnd } from '../../electron/engine/queue/task-ends.ts'

test('how many targets each policy asks for, of one to four', () => {
  const asked = (policy: Parameters<typeof neededTargets>[0]) =>
    [1, 2, 3, 4].map((count) => neededTargets(policy, count))
  expect({
    async: asked('async'),
    one: asked('one'),
    majority: asked('majority'),
    all: asked('all'),
  }).toEqual({ async: [0, 0, 0, 0], one: [1, 1, 1, 1], majority: [1, 1, 2, 2], all: [1, 2, 3, 4] })
})

test('a promise is kept only by targets that have the write, and given up only when no target can keep it', () => {
  const states = fc.array(fc.constantFrom<TargetState>('has', 'left-out', 'waiting', 'missing'), { maxLength: 8 })
  const policies = fc.constantFrom('async', 'one', 'majority', 'all' as const)
  fc.assert(
    fc.property(policies, states, (policy, targets) => {
      const wanted = targets.filter((state) => state !== 'left-out')
      const needed = neededTargets(policy, wanted.length)
      const has = wanted.filter((state) => state === 'has').length
      const hopeful = wanted.filter((state) => state !== 'missing').length
      const found = promiseState(policy, targets)
      expect(found === 'kept').toBe(has >= needed)
      expect(found === 'lost').toBe(has < needed && hopeful < needed)
    }),
  )
})

test('who begins to wait after the task was settled hears of it all the same', async () => {
  const pending = new Set<number>()
  const ends = new TaskEnds((seq) => pending.has(seq))
  const heard: TaskEnd[] = []
  ends.tell(7, { kind: 'settled', did: 'copied' })
  ends.watch(7, (end) => heard.push(end))
  const stop = ends.watch(8, (end) => heard.push(end))
  stop()
  ends.tell(8, { kind: 'settled', did: 'copied' })
  await Promise.resolve()
  expect(heard).toEqual([{ kind: 'settled', did: 'copied' }])
  // Offered again under its number: that end was of what it was before.
  pending.add(7)
  ends.watch(7, (end) => heard.push(end))
  await Promise.resolve()
  expect(heard).toHaveLength(1)
  ends.tell(7, { kind: 'settled', did: 'metadata' })
  expect(heard.at(-1)).toEqual({ kind: 'settled', did: 'metadata' })
})

test('a rule has caught up when nothing is pending but what came a moment ago', () => {
  const since = 10_000
  const now = 20_000
  const totals = { backlogCount: 3, delayed: 0, oldestPendingAt: now - 100 }
  expect({
    nothing: hasCaughtUp({ backlogCount: 0, delayed: 0, oldestPendingAt: null }, since, now),
    steady: hasCaughtUp(totals, since, now),
    old: hasCaughtUp({ ...totals, oldestPendingAt: since - 1 }, since, now),
    failing: hasCaughtUp({ ...totals, delayed: 1 }, since, now),
    slow: hasCaughtUp({ ...totals, oldestPendingAt: now - 5_000 }, since, now),
  }).toEqual({ nothing: true, steady: true, old: false, failing: false, slow: false })
})

test('only a target that has the write confirms it; what its filter leaves out is owed to nobody', () => {
  const rule = ruleSchema.parse({
    id: 'r',
    source: { site: 'a', bucket: 'data' },
    targets: [{ site: 'b', bucket: 'data' }],
    ack: { policy: 'all', timeoutMs: 1000 },
  })
  const change = {
    siteId: 'a',
    bucket: 'data',
    key: 'k',
    versionId: 'v',
    operation: 'put',
    sizeBytes: 1,
    changedAt: 0,
  } as const
  const after = (did: Extract<TaskEnd, { kind: 'settled' }>['did']): string => {
    const write = new PendingWrite([{ change, link: linksOf(rule)[0]!, seq: 1 }])
    write.ended(1, { kind: 'settled', did })
    return `${write.promiseStateOf('r')} ${write.acks()}`
  }
  expect({
    copied: after('copied'),
    there: after('already-there'),
    filtered: after('filtered'),
    notWanted: after('not-wanted'),
    gone: after('source-gone'),
  }).toEqual({ copied: 'kept 2/2', there: 'kept 2/2', filtered: 'kept 1/1', notWanted: 'lost 1/2', gone: 'lost 1/2' })
})
