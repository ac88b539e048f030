import type { GatewayRuleView, GatewayState } from '../../shared/model/gateway.ts'
import type { LinkView } from '../../shared/model/rule.ts'
import { standsStill } from '../../shared/model/sync-state.ts'
import { countOf, formatDuration } from './format.ts'
import { whyOf, type Tone } from './link.ts'

/** How the promise of a rule stands at this moment, for the eye and in words; `since` where it is broken. */
export interface PromiseNow {
  readonly tone: Tone
  readonly words: string
  readonly since: number | null
  readonly why: string | null
}

/** `links`: those of this rule, as they stand now. A promise that nobody has tested since a target went is not “kept”. */
export function promiseNow(
  { ack, needed, sites, degraded }: Pick<GatewayRuleView, 'ack' | 'needed' | 'sites' | 'degraded'>,
  links: readonly Pick<LinkView, 'state' | 'backlogCount'>[],
  gateway: GatewayState['kind'],
): PromiseNow {
  const missing = links.filter(({ state }) => standsStill(state))
  const reasons = [...new Set(missing.map((link) => whyOf(link)?.reason ?? ''))].join(' ')
  if (degraded !== null)
    return { tone: 'bad', words: 'Degraded', since: degraded.since, why: `${degraded.reason} ${reasons}`.trim() }
  if (gateway !== 'listening') return { tone: 'quiet', words: 'Not in use', since: null, why: null }
  if (ack.policy === 'async') return { tone: 'quiet', words: 'Source only', since: null, why: null }
  const left = sites - 1 - missing.length
  if (left >= needed - 1)
    return { tone: 'good', words: 'Kept', since: null, why: missing.length === 0 ? null : withoutText(left, reasons) }
  const after = formatDuration(ack.timeoutMs).replaceAll(' ', '\u00a0')
  return ack.onTimeout === 'fail'
    ? { tone: 'bad', words: 'Would be refused', since: null, why: `A write would hear 503 after ${after}. ${reasons}` }
    : { tone: 'waiting', words: 'Would degrade', since: null, why: `The next write would wait ${after}. ${reasons}` }
}

const withoutText = (left: number, reasons: string): string =>
  `by the source and ${countOf(left, 'target')}. ${reasons}`
