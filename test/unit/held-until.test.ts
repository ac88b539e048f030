import { expect, test } from 'vitest'
import { ruleSchema } from '../../shared/model/rule.ts'
import { holdOf } from '../../electron/engine/link/state/held-until.ts'
import { holdReasons, type HoldReason } from '../../electron/engine/link/link-holds.ts'
import type { Link } from '../../electron/engine/link/link.ts'
import { linkIdentity } from '../support/link-identity.ts'

interface Facts {
  readonly disabled?: boolean
  readonly pausedRule?: boolean
  readonly refused?: boolean
  readonly guarded?: boolean
  readonly paused?: string
  readonly offline?: string
  readonly unprobed?: boolean
  readonly bucket?: boolean
  readonly moved?: boolean
}

/** As the links hold themselves at the queue. */
function isHeld(reason: HoldReason, facts: Facts): boolean {
  if (reason === 'rule') return facts.disabled === true || facts.pausedRule === true
  if (reason === 'refused') return facts.refused === true
  if (reason === 'target-writes') return facts.guarded === true
  if (reason === 'site') return facts.paused !== undefined || facts.offline !== undefined
  return facts[reason === 'identity' ? 'unprobed' : reason] === true
}

function hold(facts: Facts): ReturnType<typeof holdOf> {
  const ends = { source: { site: 'a', bucket: 'data' }, target: { site: 'b', bucket: 'data' } }
  const rule = ruleSchema.parse({
    id: 'r',
    source: ends.source,
    targets: [ends.target],
    enabled: facts.disabled !== true,
  })
  const paused = facts.pausedRule === true ? ({ by: 'operator', reason: '', at: 7 } as const) : null
  const link: Link = {
    linkId: 'r/b',
    ruleId: 'r',
    ...ends,
    rule,
    paused,
    beginsAt: 0,
    identity: linkIdentity('r/b', 'r'),
  }
  return holdOf(link, {
    links: { holds: () => holdReasons.filter((reason) => isHeld(reason, facts)) },
    sites: {
      has: () => true,
      name: (siteId) => siteId.toUpperCase(),
      isPaused: (siteId) => facts.paused === siteId,
      isOffline: (siteId) => facts.offline === siteId,
      health: () => ({ downSince: 5 }) as never,
    },
  })
}

test('a task waits for whatever holds its link, the most lasting first, and else for its own time', () => {
  expect([
    hold({}),
    hold({ disabled: true, pausedRule: true }),
    hold({ pausedRule: true, offline: 'a' }),
    hold({ refused: true }),
    hold({ guarded: true }),
    hold({ paused: 'b', offline: 'a' }),
    hold({ offline: 'a' }),
    hold({ offline: 'b', unprobed: true }),
    hold({ unprobed: true }),
  ]).toEqual([
    null,
    { until: 'rule r is switched on', because: 'switched off', sinceAt: null },
    { until: 'rule r is resumed', because: 'paused', sinceAt: 7 },
    { until: 'rule r may go on; its page says why not', because: 'stopped', sinceAt: null },
    { until: 'rule r may go on; its page says why not', because: 'stopped', sinceAt: null },
    { until: 'B is resumed', because: 'paused', sinceAt: null },
    { until: 'A answers', because: 'offline', sinceAt: 5 },
    { until: 'B answers', because: 'offline', sinceAt: 5 },
    { until: 'B was probed', because: 'not known yet', sinceAt: null },
  ])
})

test('whatever holds a link, a task that waits for it says so', () => {
  const facts: Readonly<Record<HoldReason, Facts>> = {
    rule: { pausedRule: true },
    refused: { refused: true },
    'target-writes': { guarded: true },
    site: { offline: 'a' },
    bucket: { bucket: true },
    moved: { moved: true },
    identity: { unprobed: true },
  }
  for (const reason of holdReasons) expect(hold(facts[reason]), reason).not.toBeNull()
})
