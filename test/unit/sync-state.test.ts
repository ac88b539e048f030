import { describe, expect, test } from 'vitest'
import { fault } from '../../shared/model/fault.ts'
import type { EventsState, LinkView } from '../../shared/model/rule.ts'
import { heldCauses, isInStep, isSettled } from '../../shared/model/sync-state.ts'
import { overallOf } from '../../shared/text/overall.ts'
import { overviewLines } from '../../electron/cli/views.ts'
import { overviewOf } from '../../electron/engine/api/overview.ts'
import { linkState, unknownOf, type LinkFacts } from '../../electron/engine/link/state/link-state.ts'
import { notInStepOf } from '../../renderer/text/link.ts'
import { promiseNow } from '../../renderer/text/promise.ts'

const now = 10_000_000
const denied = fault('ACCESS_DENIED', 'PutObject data: answered 403 AccessDenied', { site: 'b' })
const lost = fault('CONNECTION_LOST', 'ListenNotification: the site ended the stream', { site: 'a' })

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
  isLookedAt: true,
  convergence: null,
  lastFault: null,
  scanFault: null,
  nameOf: (siteId) => `Site ${siteId.toUpperCase()}`,
}

/** What may stand in a link's way. `blind`: nobody can see whether more waits than is queued. */
const causes: Readonly<Record<string, { facts: Partial<LinkFacts>; held?: true; blind?: true }>> = {
  nothing: { facts: {} },
  'the journal cannot be written': { facts: { journal: fault('JOURNAL_UNWRITABLE', 'full') }, held: true, blind: true },
  'the source is offline': {
    facts: { offline: { siteId: 'a', isSource: true, fault: lost } },
    held: true,
    blind: true,
  },
  'the target is offline': { facts: { offline: { siteId: 'b', isSource: false, fault: null } }, held: true },
  'a bucket is not what it was': { facts: { bucket: fault('BUCKET_UNVERSIONED', 'data', { site: 'b' }) }, held: true },
  'the target refuses': { facts: { probing: denied }, held: true },
  'the target is being probed': { facts: { probing: 'under-way' } },
  'the buckets are looked at': { facts: { bucket: 'looking' } },
  'the look failed': { facts: { guarded: { state: 'looking', fault: denied } }, held: true },
  'the look is under way': { facts: { guarded: { state: 'looking', fault: null } } },
  'others wrote': { facts: { guarded: { state: 'stopped', count: 3, isOver: false, keys: [] } } },
  'a ring': { facts: { refused: { message: 'A ring.', remedy: 'Switch one off.' } } },
  'the brake': { facts: { pausedBy: { by: 'brake', reason: 'Deletes.' } } },
  'the operator': { facts: { pausedBy: { by: 'operator', reason: 'Paused.' } } },
  'the listing is refused': { facts: { scanFault: denied }, held: true, blind: true },
  'no scan has ended': { facts: { isLookedAt: false }, blind: true },
  'it is switched off': { facts: { enabled: false }, blind: true },
}
const events: readonly EventsState[] = [
  { kind: 'told' },
  { kind: 'none' },
  { kind: 'unavailable', since: now, fault: lost, scanEverySeconds: 30 },
]

function viewOf(facts: LinkFacts, of: EventsState = events[0]!, ruleId = 'r'): LinkView {
  const reason = unknownOf(facts)
  return {
    ruleId,
    linkId: `${ruleId}/b/data`,
    source: { site: 'a', bucket: 'data' },
    target: { site: 'b', bucket: 'data' },
    state: linkState(facts),
    stateSince: now - 60_000,
    unknown: reason === null ? null : { since: now - 60_000, reason },
    lookedAt: facts.isLookedAt ? now - 1000 : null,
    events: of,
    asOf: now,
    backlogCount: facts.backlogCount,
    backlogBytes: 0,
    oldestPendingAt: facts.backlogCount > 0 ? now - 5000 : null,
    inFlight: 0,
    failing: facts.failing,
    parked: facts.parked,
    notConverging: 0,
    objectsPerSecond: 0,
    bytesPerSecond: 0,
    settledCount: 0,
    settledBytes: 0,
    failuresLastHour: 0,
    drainSeconds: null,
    bucketsAskedAt: null,
    bucketsUntold: [],
    drift: [],
    attributes: null,
  }
}

const overviewOfLinks = (...links: LinkView[]) =>
  overviewOf({
    links: () => links,
    workers: () => ({ busy: 0, limit: 1 }),
    eventLoopDelayP99Ms: () => 0,
    startedAt: 0,
    now: () => now,
  })

const table = Object.entries(causes).flatMap(([name, cause]) =>
  [0, 7].flatMap((backlogCount) =>
    [0, 2].flatMap((parked) => events.map((of) => ({ name, cause, backlogCount, parked, of }))),
  ),
)

describe('no word says more than is known', () => {
  test.each(table)(
    '$name, $backlogCount waiting, $parked parked, events $of.kind',
    ({ name, cause, backlogCount, parked, of }) => {
      const link = viewOf({ ...calm, backlogCount, parked, ...cause.facts }, of)
      const overview = overviewOfLinks(link)
      const { tone, sentence } = overallOf(overview)
      const isQuiet = name === 'nothing' && backlogCount === 0 && parked === 0
      expect(isInStep(link)).toBe(isQuiet)
      expect([tone === 'good', /in step/i.test(sentence)]).toEqual(
        isQuiet && of.kind !== 'unavailable' ? [true, true] : [false, false],
      )
      if (cause.held) expect([tone, sentence]).toEqual(['bad', expect.stringContaining('1 rule held by 1 cause')])
      if (parked > 0) expect(tone).toBe('bad')
      expect(link.unknown !== null).toBe(cause.blind === true)
      if (cause.blind) {
        const [row] = overviewLines(overview).filter((line) => line.startsWith('r '))
        expect(row).toMatch(backlogCount > 0 ? / 7\+ / : / unknown /)
        expect(notInStepOf(link)).toBe('Not known')
      }
      if ('reason' in link.state)
        expect([link.state.reason, link.state.remedy].every((text) => /\w.*\.$/.test(text))).toBe(true)
      if (cause.held) {
        expect(link.state).toMatchObject({ kind: 'held' })
        expect(JSON.stringify(link.state)).not.toContain('then retry')
        const ack = { policy: 'all', timeoutMs: 1000, onTimeout: 'fail', reads: 'source' } as const
        expect(promiseNow({ ack, needed: 2, sites: 2, degraded: null }, [link], 'listening').tone).toBe('bad')
      }
    },
  )

  test.each(table)('beside a rule in step, $name never looks like it', ({ cause, backlogCount, parked, of, name }) => {
    const other = viewOf(calm, events[0], 'other')
    const { tone } = overallOf(overviewOfLinks(viewOf({ ...calm, backlogCount, parked, ...cause.facts }, of), other))
    const isOff = name === 'it is switched off'
    const isCalm = name === 'nothing' && of.kind !== 'unavailable'
    expect(tone === 'good').toBe((isOff || isCalm) && parked + backlogCount === 0)
    if (cause.held) expect(tone).toBe('bad')
  })

  test('one cause over 200 rules is one thing with a count', () => {
    const held = (at: number, more: Partial<LinkFacts>) => viewOf({ ...calm, ...more }, events[0], `rule-${at}`)
    const links = [
      ...Array.from({ length: 200 }, (_, at) =>
        held(at, { probing: fault('ACCESS_DENIED', `PutObject data-${at}: answered 403`, { site: 'b' }) }),
      ),
      held(200, { probing: fault('ACCESS_DENIED', 'PutObject data: answered 403', { site: 'c' }) }),
    ]
    expect(heldCauses(links).map(({ siteName, ruleIds }) => [siteName, ruleIds.length])).toEqual([
      ['Site B', 200],
      ['Site C', 1],
    ])
    expect(overallOf(overviewOfLinks(...links)).sentence).toBe('201 rules held by 2 causes')
    const told = overviewLines(overviewOfLinks(...links)).filter((line) => line.startsWith('HELD'))
    expect(told).toEqual([
      'HELD for 60 s: Site B cannot be used as a target. The access key may not do this.',
      'HELD for 60 s: Site C cannot be used as a target. The access key may not do this.',
    ])
  })

  test('what is so of 200 links is one line with their number, and no pass stands still beside what holds its link', () => {
    const attributes: LinkView['attributes'] = {
      perSecond: 1,
      eventsTell: false,
      state: 'fault',
      fault: denied,
      round: null,
      last: null,
      unseen: 0,
      unseenFault: null,
      roundMs: null,
    }
    const lines = (facts: LinkFacts) => {
      const links = Array.from({ length: 200 }, (_, at) => ({ ...viewOf(facts, events[2], `rule-${at}`), attributes }))
      return overviewLines(overviewOfLinks(...links)).filter((line) => !/^(?:RULE|rule-\d+ {2})/.test(line))
    }
    const others = 'rule-0/b/data and 199 more links:'
    const round = 'Tags and locks: the first round is yet to begin, at 1 a second.'
    expect(lines(calm)).toEqual([
      '200 rules without events.',
      expect.stringMatching(/^0 pending/),
      expect.stringContaining(`${others} Events unavailable, scanning every 30 s.`),
      `${others} ${round} It stands still: PutObject data: answered 403 AccessDenied. ${denied.remedy}`,
    ])
    const held = lines({ ...calm, scanFault: denied })
    expect([held.filter((line) => line.includes('answered 403')).length, held.at(-1)]).toEqual([
      2,
      `${others} ${round}`,
    ])
    expect(held.filter((line) => line.includes('pending'))).toEqual([expect.stringMatching(/^pending unknown; /)])
  })

  test('settled is only what was looked at, can be seen, and waits for nothing', () => {
    const settled = { seen: true, pending: 0, unknown: 0, held: 0, notConverging: 0 }
    expect(isSettled(settled)).toBe(true)
    for (const name of ['pending', 'unknown', 'held', 'notConverging'] as const)
      expect(isSettled({ ...settled, [name]: 1 })).toBe(false)
    expect(isSettled({ ...settled, seen: false })).toBe(false)
  })
})
