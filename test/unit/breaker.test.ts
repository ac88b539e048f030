import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { step, unprobed, type Breaker, type BreakerEvent } from '../../electron/engine/site/breaker.ts'
import { fault, faultKinds, type FaultCode } from '../../shared/model/fault.ts'

type Told = 'ok' | 'probe' | 'probe-ok' | FaultCode | `probe ${FaultCode}`

/** Tells a breaker one thing after the other, `everyMs` apart. */
function tell(start: Breaker, told: readonly Told[], everyMs = 100, from = 1_000_000): Breaker {
  return told.reduce((breaker, one, index) => step(breaker, eventOf(one, from + index * everyMs)), start)
}

const isCode = (text: string): text is FaultCode => Object.hasOwn(faultKinds, text)
const codes = Object.keys(faultKinds).filter(isCode)

function eventOf(told: Told, at: number): BreakerEvent {
  if (told === 'ok') return { kind: 'task-ok' }
  if (told === 'probe') return { kind: 'probe-started' }
  if (told === 'probe-ok') return { kind: 'probe-ok', at }
  if (isCode(told)) return { kind: 'task-fault', fault: fault(told, 'as told'), at }
  const code = told.slice('probe '.length)
  return { kind: 'probe-fault', fault: fault(isCode(code) ? code : 'INTERNAL', 'as told'), at }
}

const online = tell(unprobed, ['probe-ok'])
const reset: FaultCode = 'CONNECTION_LOST'

test('a few site faults in a short window open it; the same number spread out does not', () => {
  expect(tell(online, [reset, reset, reset, reset]).kind).toBe('closed')
  expect(tell(online, [reset, reset, reset, reset, reset])).toMatchObject({ kind: 'open', fault: { code: reset } })
  expect(tell(online, [reset, reset, reset, reset, reset, reset, reset], 3_000).kind).toBe('closed')
})

test('a task that goes well in between keeps it closed', () => {
  expect(tell(online, [reset, reset, reset, reset, 'ok', reset, reset, reset, reset]).kind).toBe('closed')
})

test('faults of single objects never open it', () => {
  const ofObjects = codes.filter(
    (code) =>
      !faultKinds[code].ofSite &&
      !['ACCESS_KEY_UNKNOWN', 'SIGNATURE_REJECTED', 'REGION_WRONG', 'CLOCK_SKEW'].includes(code),
  )
  for (const code of ofObjects) expect(tell(online, Array<Told>(50).fill(code))).toEqual(online)
})

test('refused keys open it after three tasks in a row, however far apart, with the refusal as the reason', () => {
  const twice = tell(online, ['SIGNATURE_REJECTED', 'SIGNATURE_REJECTED'], 600_000)
  expect(twice.kind).toBe('closed')
  expect(tell(twice, ['SIGNATURE_REJECTED'])).toMatchObject({ kind: 'open', fault: { code: 'SIGNATURE_REJECTED' } })
  expect(tell(twice, ['ok', 'SIGNATURE_REJECTED', 'SIGNATURE_REJECTED']).kind).toBe('closed')
})

test('one lost probe is no outage, two in a row are, and before anything is known one is enough', () => {
  expect(tell(online, ['probe RESPONSE_TIMEOUT']).kind).toBe('closed')
  expect(tell(online, ['probe RESPONSE_TIMEOUT', 'probe-ok', 'probe RESPONSE_TIMEOUT']).kind).toBe('closed')
  expect(tell(online, ['probe RESPONSE_TIMEOUT', 'probe CONNECT_REFUSED']).kind).toBe('open')
  expect(tell(unprobed, ['probe CONNECT_REFUSED']).kind).toBe('open')
  expect(tell(online, ['probe ACCESS_KEY_UNKNOWN']).kind).toBe('open')
})

test('it is half-open while a probe is under way, and a good probe closes it', () => {
  const open = tell(online, ['probe CONNECT_REFUSED', 'probe CONNECT_REFUSED'])
  expect(tell(open, ['probe']).kind).toBe('half-open')
  expect(tell(open, ['probe', 'probe CONNECT_REFUSED']).kind).toBe('open')
  expect(tell(open, ['probe', 'probe-ok']).kind).toBe('closed')
})

test('where probes see nothing of the trouble, each opening within a minute of the last holds for longer', () => {
  const full = Array<Told>(5).fill('QUOTA_EXCEEDED')
  let breaker: Breaker = online
  let at = 1_000_000
  const heldMs: number[] = []
  for (let round = 0; round < 6; round++) {
    breaker = tell(breaker, full, 1, at)
    const openedAt = at + 4
    for (at = openedAt; breaker.kind !== 'closed'; at += 1_000) breaker = tell(breaker, ['probe', 'probe-ok'], 0, at)
    heldMs.push(at - 1_000 - openedAt)
  }
  expect(heldMs).toEqual([0, 5_000, 10_000, 20_000, 40_000, 60_000])
  const calm = tell(breaker, full, 1, at + 120_000)
  expect(tell(calm, ['probe', 'probe-ok'], 0, at + 120_010).kind).toBe('closed')
})

test('an outage that probes see closes with the first good probe, however often it comes', () => {
  let breaker: Breaker = online
  for (let round = 0; round < 10; round++) {
    breaker = tell(breaker, [...Array<Told>(5).fill(reset), 'probe', 'probe CONNECT_REFUSED', 'probe', 'probe-ok'], 10)
    expect(breaker.kind).toBe('closed')
  }
})

test('whatever happens, good probes for a minute close it', () => {
  const told = fc.constantFrom<Told>(
    'ok',
    'probe',
    'probe-ok',
    reset,
    'QUOTA_EXCEEDED',
    'SIGNATURE_REJECTED',
    'probe DNS_FAILED',
  )
  fc.assert(
    fc.property(fc.array(told, { maxLength: 200 }), (all) => {
      const before = tell(online, all, 50)
      const at = 1_000_000 + all.length * 50
      const probes = Array.from({ length: 62 }, (): readonly Told[] => ['probe', 'probe-ok']).flat()
      return tell(before, probes, 500, at).kind === 'closed'
    }),
  )
})
