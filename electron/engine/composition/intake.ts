import { Brakes } from '../brake/brakes.ts'
import { createIntake } from '../intake/intake.ts'
import type { TrippedBrake } from '../brake/link-brake.ts'
import type { Intake } from '../intake/port.ts'
import { pauseOf } from '../brake/pause.ts'
import { currentRuleIndex } from '../link/rule-index.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { Ground } from './ground.ts'
import type { JoinedLinks } from './links.ts'
import type { Records } from './records.ts'
import type { JoinedSites } from './sites.ts'

/** The one door to the queue, and the brakes behind it. */
export interface JoinedIntake {
  readonly brakes: Brakes
  readonly intake: Intake
}

type PartsForIntake = Ground & Records & JoinedSites & JoinedLinks

export function joinIntake(made: PartsForIntake): JoinedIntake {
  const { journal, kept, queue, rules, linkBook, sites, random, now } = made
  const brakes = new Brakes({
    marks: kept.brakes,
    now,
    linksOf: (ruleId) => [...linkBook.links().values()].flatMap((one) => (one.ruleId === ruleId ? [one.linkId] : [])),
    seed: String(random()),
    onTrip: (rule, tripped) => stop(rule, tripped, made),
  })
  const intake = createIntake({
    index: currentRuleIndex(rules, linkBook),
    queue,
    atOnce: journal.atOnce,
    brakes,
    skewMs: (siteId) => Math.abs(sites.health(siteId).clockSkewMs ?? 0),
  })
  return { brakes, intake }
}

/** Nothing more is handed out from this turn on, before the pause is on record; what is in flight may end. */
async function stop(rule: Rule, tripped: TrippedBrake, { rules, links, events }: PartsForIntake): Promise<void> {
  if (!rules.has(rule.id) || rules.get(rule.id).paused?.by === 'brake') return
  const paused = pauseOf(rule, tripped)
  const recorded = rules.pause(rule.id, paused)
  links.refresh()
  await recorded
  events.emit('braked', rule, paused)
}
