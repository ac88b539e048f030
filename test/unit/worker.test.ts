import { describe, expect, test } from 'vitest'
import { adapt, fullAllowance } from '../../electron/engine/worker/allowance.ts'
import { openPacer, pacerBytes, pacerOf, refill, setLimit } from '../../electron/engine/worker/pacer.ts'

describe('the worker allowance', () => {
  test('halves once for a burst of SlowDown, and creeps back to the limit', () => {
    let allowance = fullAllowance(100)
    for (const at of [10_000, 10_001, 10_500]) allowance = adapt(allowance, 100, 'slow-down', at)
    expect(allowance.current).toBe(50)
    for (let at = 11_000; at <= 30_000; at += 500) allowance = adapt(allowance, 100, 'tick', at)
    expect(allowance.current).toBe(100)
  })

  test('never falls below one', () => {
    let allowance = fullAllowance(3)
    for (let at = 0; at < 10_000; at += 2000) allowance = adapt(allowance, 3, 'slow-down', at + 5000)
    expect(allowance.current).toBe(1)
  })
})

describe('a rule’s bandwidth', () => {
  test('moves what the refills earned and no more, over all threads together', async () => {
    const memory = openPacer(new SharedArrayBuffer(pacerBytes))
    setLimit(memory, 10_000)
    const pacer = pacerOf(memory)
    const ends = new AbortController()
    let moved = 0
    const move = async (): Promise<void> => {
      for (;;) {
        await pacer.take(500, ends.signal)
        moved += 500
      }
    }
    const movers = [move(), move()]
    refill(memory, 1000)
    await expect.poll(() => moved).toBeGreaterThanOrEqual(10_000)
    ends.abort(new Error('enough'))
    await Promise.allSettled(movers)
    expect(moved).toBeLessThanOrEqual(11_000)
  })

  test('is lifted at once', async () => {
    const memory = openPacer(new SharedArrayBuffer(pacerBytes))
    setLimit(memory, 1024)
    const waiting = pacerOf(memory).take(1, new AbortController().signal)
    setLimit(memory, null)
    await waiting
    expect(pacerOf(memory).limited).toBe(false)
  })
})
