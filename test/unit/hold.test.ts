import { expect, test } from 'vitest'
import { ruleSchema } from '../../shared/model/rule.ts'
import { holdOf } from '../../electron/engine/link/hold.ts'
import type { Link } from '../../electron/engine/link/links.ts'
import { linkIdentity } from '../support/link-identity.ts'

interface Facts {
  readonly disabled?: boolean
  readonly pausedRule?: boolean
  readonly refused?: boolean
  readonly guarded?: boolean
  readonly paused?: string
  readonly offline?: string
  readonly unprobed?: boolean
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
    record: { rule, paused, createdAt: 0 },
    identity: linkIdentity('r/b', 'r'),
  }
  return holdOf(link, {
    links: {
      refusal: () => (facts.refused === true ? { message: '', remedy: '' } : null),
      order: () => (facts.unprobed === true ? null : ({} as never)),
    },
    sites: {
      has: () => true,
      name: (siteId) => siteId.toUpperCase(),
      isPaused: (siteId) => facts.paused === siteId,
      isOffline: (siteId) => facts.offline === siteId,
      health: () => ({ downSince: 5 }) as never,
    },
    isGuarded: () => facts.guarded === true,
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
