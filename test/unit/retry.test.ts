import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fault, faultKinds, type FaultCode } from '../../shared/model/fault.ts'
import { taskStates } from '../../shared/model/task.ts'
import { nextStep, retryPolicy } from '../../electron/engine/queue/retry.ts'
import { stateAfter } from '../../electron/engine/queue/task-state.ts'

const codes = Object.keys(faultKinds) as FaultCode[]
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const delayOf = (code: FaultCode, attempts: number, random: number, afterMs?: number) => {
  const step = nextStep(retryPolicy, fault(code, 'test', { afterMs }), attempts, () => random)
  return step.kind === 'delay' ? step.delayMs : null
}

describe('the next step after a fault', () => {
  test('only a fault that no repetition mends parks a task, at whatever attempt', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.integer({ min: 1, max: 10_000 }), chance, (code, attempts, random) => {
        expect(delayOf(code, attempts, random) === null).toBe(faultKinds[code].retry === 'never')
      }),
    )
  })

  test('backoff doubles from a second to ten minutes, and chance takes at most half of it away', () => {
    const longest = [1, 2, 3, 9, 10, 11, 5000].map((attempts) => delayOf('SERVER_ERROR', attempts, 0.999_999))
    expect(longest).toEqual([1000, 2000, 4000, 256_000, 512_000, 600_000, 600_000])
    expect([1, 2, 11].map((attempts) => delayOf('SERVER_ERROR', attempts, 0))).toEqual([500, 1000, 300_000])
  })

  test('a site that asked to wait is not called earlier, and at most a tenth later', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_600_000 }), chance, (afterMs, random) => {
        const delayMs = delayOf('SLOW_DOWN', 7, random, afterMs)!
        expect(delayMs).toBeGreaterThanOrEqual(afterMs)
        expect(delayMs).toBeLessThanOrEqual(Math.ceil(afterMs * 1.1))
      }),
    )
  })

  test('a site that asked without naming a time gets the usual backoff, and one that named a year gets a day', () => {
    expect(delayOf('SLOW_DOWN', 3, 0.999_999)).toBe(4000)
    expect(delayOf('SLOW_DOWN', 1, 0, 31_536_000_000)).toBe(86_400_000)
  })
})

describe('task states', () => {
  test('what each event makes of each state', () => {
    const events = ['lease', 'ack', 'delay', 'park', 'release', 'retry', 'enqueue'] as const
    const table = Object.fromEntries(
      taskStates.map((state) => [state, events.map((event) => stateAfter(state, event) ?? '-').join(' ')]),
    )
    expect(table).toEqual({
      ready: 'leased - - - - - ready',
      leased: '- settled delayed parked ready - leased',
      delayed: 'leased - - - - ready delayed',
      parked: '- - - - - ready ready',
      lingering: '- - - - - - ready',
    })
  })
})
