import { describe, expect, test } from 'vitest'
import { fault, faultKinds, type FaultCode } from '../../shared/model/fault.ts'
import { linkState, type LinkFacts } from '../../electron/engine/link/state/link-state.ts'

const calm: LinkFacts = {
  enabled: true,
  journal: null,
  refused: null,
  guarded: null,
  pausedBy: null,
  offline: null,
  bucket: null,
  probing: null,
  backlogCount: 0,
  failing: 0,
  parked: 0,
  firstCopy: false,
  convergence: null,
  lastFault: null,
  isLookedAt: true,
  scanFault: null,
  nameOf: (siteId) => `Site ${siteId.toUpperCase()}`,
}

describe('a link’s badge', () => {
  test.each(Object.keys(faultKinds) as FaultCode[])(
    'held by %s: its remedy is whole sentences, and speaks of no retry',
    (code) => {
      const state = linkState({ ...calm, scanFault: fault(code, 'The site said so') })
      const { reason, remedy } = state as Extract<typeof state, { kind: 'held' }>
      expect(reason).toMatch(/[.!?]$/)
      expect(remedy).toMatch(/^[A-Z“]/)
      expect(remedy).not.toMatch(/[.,:;]\s*[.,:;]|then retry|tried again/i)
    },
  )

  test('is “in step” only when nothing is left to say', () => {
    expect(linkState(calm)).toEqual({ kind: 'in-step' })
    expect(linkState({ ...calm, backlogCount: 3 })).toEqual({ kind: 'copying' })
    expect(linkState({ ...calm, backlogCount: 3, firstCopy: true })).toEqual({ kind: 'first-copy' })
    expect(linkState({ ...calm, enabled: false })).toEqual({ kind: 'disabled' })
  })

  test.each([true, false])('is not “in step” while keys are in doubt (copied both ways: %s)', (isPaired) => {
    const known = { isPaired, isKnown: true, count: 0, isOver: false }
    expect(linkState({ ...calm, convergence: { ...known, doubts: 0 } })).toEqual({ kind: 'in-step' })
    const doubted = linkState({ ...calm, convergence: { ...known, doubts: 1_234 } })
    expect(doubted).toMatchObject({ kind: 'waiting', reason: expect.stringContaining('1,234 keys') })
  })

  test('says why and what to do whenever it is not green', () => {
    const down = fault('CONNECT_REFUSED', 'b.example:9000 refused the connection.')
    const states = [
      linkState({ ...calm, pausedBy: { by: 'brake', reason: '1,200 deletes in 10 minutes.' } }),
      linkState({ ...calm, offline: { siteId: 'b', isSource: false, fault: down }, backlogCount: 12 }),
      linkState({ ...calm, refused: { message: 'A ring.', remedy: 'Switch one off.' } }),
      linkState({ ...calm, bucket: fault('BUCKET_UNVERSIONED', 'Versioning is not enabled on data any more.') }),
      linkState({ ...calm, bucket: 'looking' }),
      linkState({ ...calm, probing: 'under-way' }),
      linkState({ ...calm, parked: 1, failing: 2, lastFault: fault('ACCESS_DENIED', 'PutObject on b/k was refused.') }),
      linkState({ ...calm, scanFault: down }),
    ]
    for (const state of states)
      expect(state).toMatchObject({ reason: expect.stringMatching(/\w/), remedy: expect.stringMatching(/\w/) })
    expect(states.map((state) => state.kind)).toEqual([
      'paused',
      'held',
      'stopped',
      'held',
      'waiting',
      'waiting',
      'failing',
      'held',
    ])
  })
})
