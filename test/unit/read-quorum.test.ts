import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quorumOf } from '../../shared/model/quorum.ts'
import { ruleSchema, type Rule } from '../../shared/model/rule.ts'
import { gather } from '../../electron/engine/gateway/read-quorum/gather.ts'
import { newestOf, type CopyHistory } from '../../electron/engine/gateway/read-quorum/copy-history.ts'
import { copyStateOf } from '../../electron/engine/gateway/read-quorum/copy-state.ts'
import { validateRules } from '../../electron/engine/rule/validate.ts'

const policies = fc.constantFrom<Rule['ack']['policy'][]>('async', 'one', 'majority', 'all')
const targetCounts = fc.integer({ min: 1, max: 8 })

describe('how many copies are asked', () => {
  test('copies, writes and reads of every policy, of two to five copies', () => {
    const of = (policy: Rule['ack']['policy']): readonly string[] =>
      [1, 2, 3, 4].map((targets) => Object.values(quorumOf(policy, targets)).join(' '))
    expect({ async: of('async'), one: of('one'), majority: of('majority'), all: of('all') }).toEqual({
      async: ['2 1 2', '3 1 3', '4 1 4', '5 1 5'],
      one: ['2 2 1', '3 2 2', '4 2 3', '5 2 4'],
      majority: ['2 2 1', '3 2 2', '4 3 2', '5 3 3'],
      all: ['2 2 1', '3 3 1', '4 4 1', '5 5 1'],
    })
  })

  test('a read meets every write that was answered with success, and needs no copy more than that', () => {
    fc.assert(
      fc.property(policies, targetCounts, (policy, targets) => {
        const { copies, write, read } = quorumOf(policy, targets)
        expect(copies).toBe(targets + 1)
        expect(write + read).toBe(copies + 1)
        expect(Math.min(write, read)).toBeGreaterThanOrEqual(1)
      }),
    )
  })

  test('whichever copies answer, and whatever the clocks say, the newest of them is no older than an acknowledged write', () => {
    const world = fc.record({
      policy: policies,
      targets: targetCounts,
      written: fc.integer({ min: 1, max: 6 }),
      behind: fc.array(fc.nat(6), { minLength: 8, maxLength: 8 }),
      clocks: fc.array(fc.nat(1000), { minLength: 9, maxLength: 9 }),
      order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8], { minLength: 9 }),
    })
    fc.assert(
      fc.property(world, ({ policy, targets, written, behind, clocks, order }) => {
        const { copies, write, read } = quorumOf(policy, targets)
        // Version n is written at the source; targets have all up to some version, as the engine brings the older ones first.
        const has = [written, ...behind.slice(0, targets).map((by) => Math.max(0, written - by))]
        const acknowledged = has.toSorted((a, b) => b - a)[write - 1]!
        const histories = has.map((count, copy): CopyHistory => ({
          names: Array.from({ length: count }, (_, index) => `v${count - index}`),
          modifiedAt: clocks[copy]!,
          isSource: copy === 0,
          isSettled: count === written,
        }))
        const asked = order.filter((copy) => copy < copies).slice(0, read)
        const newest = newestOf(asked.map((copy) => histories[copy]!))
        expect(Number(newest?.slice(1) ?? 0)).toBeGreaterThanOrEqual(acknowledged)
      }),
    )
  })
})

describe('the newest of copies that differ', () => {
  const copy = (names: string, modifiedAt: number, more: Partial<CopyHistory> = {}): CopyHistory => ({
    names: names === '' ? [] : names.split(' '),
    modifiedAt,
    isSource: false,
    isSettled: true,
    ...more,
  })

  test.each<readonly [why: string, copies: readonly CopyHistory[], newest: string | null]>([
    ['nothing anywhere is nothing', [copy('', 0), copy('', 0)], null],
    ['something is newer than nothing', [copy('', 9), copy('v1', 1)], 'v1'],
    ['what lies below another is older, against the clock', [copy('v1', 9), copy('v2 v1', 1)], 'v2'],
    ['versions that never met: the later one', [copy('x v1', 1), copy('y v1', 2)], 'y'],
    [
      'a target that the source’s version has yet to reach is behind it, against the clock',
      [copy('x v1', 1, { isSource: true }), copy('y v1', 9, { isSettled: false })],
      'x',
    ],
    [
      'a key that is being put in order is as the source has it',
      [copy('v2 v1', 1, { isSource: true }), copy('v1 v2', 9, { isSettled: false })],
      'v2',
    ],
  ])('%s', (_, copies, newest) => {
    expect(newestOf(copies)).toBe(newest)
    expect(newestOf(copies.toReversed())).toBe(newest)
  })
})

test('others are asked in the place of those that do not answer, and nobody else', async () => {
  const asked: number[] = []
  const ask = (...answers: (number | null)[]): Promise<readonly number[]> =>
    gather(
      answers.map((answer, place) => async () => {
        asked.push(place)
        return answer
      }),
      2,
    )
  expect(await ask(1, 2, 3)).toEqual([1, 2])
  expect(await ask(null, 2, 3, 4)).toEqual([2, 3])
  expect(await ask(null, null, 3)).toEqual([3])
  expect(asked).toEqual([0, 1, 0, 1, 2, 0, 1, 2])
})

test('an answer that says nothing of what is there counts as none', () => {
  const told = (status: number, headers: Record<string, string> = {}, isSealed = false) =>
    copyStateOf({ status, headers }, () => isSealed)?.kind ?? null
  const placeholder = { 'x-amz-meta-lockstep-version': 'v', 'x-amz-meta-lockstep-placeholder': 'delete-marker' }
  expect([
    told(200, { etag: '"a"' }),
    told(404, { 'x-amz-delete-marker': 'true' }),
    told(404),
    told(403),
    told(412),
    told(503),
    told(200, placeholder, true),
    told(200, placeholder),
  ]).toEqual(['version', 'marker', 'nothing', null, null, null, null, 'version'])
})

test('what an object says of being a replica counts only under a seal', () => {
  const headers = {
    'x-amz-version-id': 'r',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    'x-amz-meta-lockstep-version': 'v',
    'x-amz-meta-lockstep-modified': '2099-01-01T00:00:00.000Z',
  }
  const told = (isSealed: boolean) => {
    const { replicaOf, modifiedAt } = copyStateOf({ status: 200, headers }, () => isSealed)!
    return [replicaOf, new Date(modifiedAt).getUTCFullYear()]
  }
  expect([told(true), told(false)]).toEqual([
    ['v', 2099],
    [null, 2026],
  ])
})

test('a rule that leaves out what its source has cannot be read by quorum, and says what to change', () => {
  const rule = ruleSchema.parse({
    id: 'r',
    source: { site: 'a', bucket: 'data' },
    targets: [{ site: 'b', bucket: 'data' }],
    deleteMarkers: false,
    filter: { tags: { keep: 'yes' } },
    ack: { reads: 'quorum' },
  })
  const sites = ['a', 'b'].map((id) => ({ id, endpoint: `http://${id}.example` }))
  expect(validateRules([rule], sites)).toMatchObject([
    {
      level: 'error',
      path: 'rules.0.ack.reads',
      remedy:
        'For that, set deleteMarkers to true, set versionDeletes to true, filter no tags; or set reads to source.',
    },
  ])
  const whole = { ...rule, deleteMarkers: true, versionDeletes: true, filter: { ...rule.filter, tags: {} } }
  expect(validateRules([whole], sites)).toEqual([])
})
