import { expect, test } from 'vitest'
import { LinkSampler } from '../../electron/engine/metrics/link-sample.ts'
import { RateBook } from '../../electron/engine/metrics/rates.ts'

const totals = {
  backlogCount: 9,
  backlogBytes: 900,
  oldestPendingAt: 1000,
  delayed: 0,
  failing: 0,
  parked: 0,
  lingering: 0,
  settledCount: 0,
  settledBytes: 0,
}

test('a link was full when copies ran and more was ready to be copied, at both ends of the time', () => {
  const rates = new RateBook()
  let counts = { ready: 0, leased: 0 }
  const sampler = new LinkSampler({ atOnce: { totals: () => totals }, counts: () => counts, rates })
  const read = (ready: number, leased: number) => {
    counts = { ready, leased }
    for (let done = 0; done < 5; done++) rates.settled('r', 2000)
    rates.moved('r', 50, 2000)
    const { fullMs, fullObjects, fullBytes } = sampler.sample('r', null, 2000)
    return [fullMs, fullObjects, fullBytes]
  }
  const none = [0, 0, 0]
  expect([read(8, 4), read(7, 4)]).toEqual([none, [5000, 5, 50]])
  // All that is left is under way; its site is away; everything waits for its next attempt.
  for (const [ready, leased] of [
    [0, 4],
    [90, 0],
    [0, 0],
  ] as const)
    expect([read(ready, leased), read(8, 4), read(8, 4)]).toEqual([none, none, [5000, 5, 50]])
})
