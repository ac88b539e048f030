import type { HeldBy, LinkState } from '../../../../shared/model/rule.ts'
import { fault, faultKinds, type Fault } from '../../../../shared/model/fault.ts'
import { sentence } from '../../../../shared/text/sentence.ts'
import type { BucketHold } from '../buckets/bucket-watch.ts'
import type { Convergence } from '../convergence/convergence.ts'
import type { Guarded } from '../convergence/target-guard.ts'

/** Everything that decides a link's badge, as values. */
export interface LinkFacts {
  readonly enabled: boolean
  /** The journal cannot be written: nothing is handed out until a restart. */
  readonly journal: Fault | null
  /** The rule may not run beside the others. */
  readonly refused: { readonly message: string; readonly remedy: string } | null
  /** The target is looked over, or was found to hold what others wrote. */
  readonly guarded: Guarded | null
  readonly pausedBy: { readonly by: 'operator' | 'brake' | 'site'; readonly reason: string } | null
  /** A site of the link that is offline, and why. */
  readonly offline: { readonly siteId: string; readonly isSource: boolean; readonly fault: Fault | null } | null
  /** A bucket of the link is not any more what it was when the link was opened. */
  readonly bucket: BucketHold | null
  /** The target's way with version ids is not known yet. */
  readonly probing: Fault | 'under-way' | null
  readonly backlogCount: number
  /** Met a fault and are tried again. */
  readonly failing: number
  readonly parked: number
  readonly firstCopy: boolean
  /** A scan has looked at every key in this run of the engine, and none failed since. */
  readonly isLookedAt: boolean
  /** Of a link whose keys are copied the other way too. */
  readonly convergence: Convergence | null
  readonly lastFault: Fault | null
  /** The last scan could not look at everything: changes may be missed. */
  readonly scanFault: Fault | null
  /** For words. */
  readonly nameOf: (siteId: string) => string
}

/** One badge and one sentence why, the most pressing first. Pure. */
export function linkState(facts: LinkFacts): LinkState {
  if (!facts.enabled) return { kind: 'disabled' }
  if (facts.journal !== null) return held('journal', facts.journal, facts.journal.message, facts)
  if (facts.refused !== null)
    return { kind: 'stopped', by: 'topology', reason: facts.refused.message, remedy: facts.refused.remedy }
  if (facts.pausedBy !== null) return paused(facts.pausedBy)
  if (facts.guarded !== null && facts.guarded.state !== 'looking') return stopped(facts.guarded)
  return heldState(facts) ?? runningState(facts)
}

/** What keeps it from moving or from seeing, until a cause is mended. */
function heldState(facts: LinkFacts): LinkState | null {
  const { bucket, probing, guarded, scanFault } = facts
  if (facts.offline !== null) return offline(facts.offline, facts)
  if (bucket !== null && bucket !== 'looking') return held('bucket', bucket, bucket.message, facts)
  if (probing !== null && probing !== 'under-way')
    return held('target', probing, `The target could not be probed: ${probing.message}`, facts)
  if (guarded?.state === 'looking' && guarded.fault !== null)
    return held('look', guarded.fault, `The target could not be looked over: ${guarded.fault.message}`, facts)
  if (scanFault !== null) return held('listing', scanFault, `Changes cannot be read: ${scanFault.message}`, facts)
  return null
}

function runningState(facts: LinkFacts): LinkState {
  if (facts.bucket !== null) return lookingAtBuckets
  if (facts.probing !== null) return probing
  if (facts.guarded !== null) return looking
  if (facts.failing + facts.parked > 0) return failingState(facts)
  if (facts.convergence !== null && facts.convergence.count > 0) return notConverging(facts.convergence)
  if (facts.firstCopy) return { kind: 'first-copy' }
  if (facts.backlogCount > 0) return { kind: 'copying' }
  if (!facts.isLookedAt) return notLookedAt
  return facts.convergence === null ? { kind: 'in-step' } : inDoubt(facts.convergence)
}

/** Why more may wait than is queued; null while the queue tells all. Without `since`: whoever asks knows when it began. Pure. */
export function unknownOf(facts: LinkFacts): string | null {
  if (!facts.enabled) return 'The rule is switched off: its changes are not noticed.'
  if (facts.journal !== null) return 'The journal cannot be written: changes are not noted down.'
  if (facts.offline?.isSource === true) return `${facts.nameOf(facts.offline.siteId)} does not answer.`
  if (facts.scanFault !== null) return sentence(`Changes cannot be read: ${facts.scanFault.message}`)
  return facts.isLookedAt ? null : 'No scan has looked at every key yet.'
}

function held(what: HeldBy['what'], found: Fault, reason: string, { nameOf }: Pick<LinkFacts, 'nameOf'>): LinkState {
  const { code, site: siteId = null, region = null, endpoint = null } = found
  const siteName = siteId === null ? null : nameOf(siteId)
  const elsewhere = region === null && endpoint === null ? null : { region, endpoint }
  return {
    kind: 'held',
    by: { what, code, siteId, siteName, elsewhere },
    reason: sentence(reason),
    remedy: heldRemedy(what, found),
  }
}

/** Nothing failed yet, so there is nothing to retry: what is held is looked at again. */
function heldRemedy(what: HeldBy['what'], { remedy }: Fault): string {
  if (what === 'journal') return remedy
  return `${withoutRetry(remedy)} Lockstep looks again by itself; “Look again now” does so at once.`.trimStart()
}

/** What a remedy says of the retry of one item, and of going on by itself; the order matters. */
const ofRetry: readonly (readonly [RegExp, string])[] = [
  [/(?:Nothing to do: )?\bit is tried again\. ?(?=[A-Z]|$)/gi, ''],
  [/[,;] then retry\b(?=[.,])/g, ''],
  [/ ?Then retry, or ([a-z])/g, ' Or $1'],
  [/ ?Then retry\./g, ''],
  [/ ?Work resumes by itself[^.]*\./g, ''],
  [/; $/g, '.'],
  [/; (?=[A-Z])/g, '. '],
]

const withoutRetry = (remedy: string): string =>
  ofRetry.reduce((text, [pattern, instead]) => text.replace(pattern, instead), remedy).trim()

function stopped(guarded: Exclude<Guarded, { state: 'looking' }>): LinkState {
  const remedy =
    'On the rule’s page, let it cover them (they stay as older versions), leave these keys out, or keep it stopped. On the command line: lockstep keys, lockstep cover.'
  if (guarded.state === 'cancelled')
    return {
      kind: 'stopped',
      by: 'target-writes',
      reason: 'The look for writes of others at the target was cancelled.',
      remedy: 'Resume the rule to look again, or let it cover what is there.',
    }
  const { count, isOver } = guarded
  const keys = `${isOver ? 'At least ' : ''}${count.toLocaleString('en')} ${count === 1 ? 'key' : 'keys'}`
  const reason = `${keys} at the target ${count === 1 ? 'was' : 'were'} written by others, and the rule would bring the source’s versions on top.`
  return { kind: 'stopped', by: 'target-writes', reason, remedy }
}

function notConverging({ isPaired, count, isOver }: Convergence): LinkState {
  const keys = `${isOver ? 'At least ' : ''}${count.toLocaleString('en')} ${count === 1 ? 'key' : 'keys'}`
  if (!isPaired)
    return {
      kind: 'not-converging',
      byOthers: true,
      count,
      reason: `${keys} at the target ${count === 1 ? 'shows' : 'show'} what others wrote or deleted there, on top of what the source has.`,
      remedy:
        'The rule’s page and lockstep keys name them. Let the rule cover them (lockstep cover), leave the keys out of it, or write each once more at the source.',
    }
  return {
    kind: 'not-converging',
    count,
    reason: `${keys} ${count === 1 ? 'was' : 'were'} written at both sides, which do not show the same version.`,
    remedy:
      'The rule’s page and lockstep keys name them. Write each once more, at the side that is right, and let clients write a key at one side only.',
  }
}

function inDoubt({ isPaired, isKnown, doubts }: Convergence): LinkState {
  if (isKnown && doubts === 0) return { kind: 'in-step' }
  const count = `${doubts.toLocaleString('en')} ${doubts === 1 ? 'key' : 'keys'}`
  if (!isPaired)
    return waiting(
      `Looking whether others wrote ${count} at the target.`,
      'Nothing to do: it is known when all of them are looked at.',
    )
  const keys = `${count} ${doubts === 1 ? 'was' : 'were'} written at both sides`
  return waiting(
    isKnown ? `${keys}: looking whether they came together.` : 'Looking whether both sides show the same versions.',
    'Nothing to do: it is known when all keys are looked at.',
  )
}

const waiting = (reason: string, remedy: string): LinkState => ({ kind: 'waiting', reason, remedy })

const probing = waiting('Finding out what the target can do.', 'Nothing to do: this takes a few seconds.')
const looking = waiting(
  'Looking whether others wrote at the target.',
  'Nothing to do; the rule goes on when the look has ended.',
)
const lookingAtBuckets = waiting(
  'Looking whether the buckets are still what they were before the outage.',
  'Nothing to do; the rule goes on when they are looked at.',
)
const notLookedAt = waiting(
  'Looking whether both sides are the same.',
  'Nothing to do: it is known when a scan has looked at every key.',
)

const pauseRemedies = {
  operator: 'Resume it when you are ready; nothing is lost meanwhile.',
  site: 'Resume the site under Sites; nothing is lost meanwhile.',
  brake:
    'Look at the keys at the source. If the changes are wanted, resume the rule. If not, put the objects back there as they ' +
    'were before, then resume: the target still has the versions of that time.',
} as const

function paused({ by, reason }: NonNullable<LinkFacts['pausedBy']>): LinkState {
  return { kind: 'paused', by, reason, remedy: pauseRemedies[by] }
}

function offline({ siteId, fault: met }: NonNullable<LinkFacts['offline']>, facts: LinkFacts): LinkState {
  const { backlogCount: backlog, nameOf } = facts
  const why = met === null ? '' : ` ${faultKinds[met.code].title}`
  const changes = backlog === 1 ? '1 change waits and drains' : `${backlog.toLocaleString('en')} changes wait and drain`
  const kept = backlog === 0 ? '' : ` ${changes} when it returns.`
  const reason = `${nameOf(siteId)} is offline.${why}${kept}`
  return held('offline', { ...(met ?? silent), site: siteId }, reason, facts)
}

const silent = fault('SITE_OFFLINE', 'The site is offline.')

function failingState({ failing, parked, lastFault }: LinkFacts): LinkState {
  const parts = [
    ...(parked > 0 ? [`${parked.toLocaleString('en')} ${parked === 1 ? 'item needs' : 'items need'} attention`] : []),
    ...(failing > 0 ? [`${failing.toLocaleString('en')} ${failing === 1 ? 'is' : 'are'} being tried again`] : []),
  ]
  const why = lastFault === null ? '' : ` Last: ${lastFault.message}`
  return {
    kind: 'failing',
    reason: `${parts.join(', ')}.${why}`,
    remedy: lastFault?.remedy ?? 'Open the failure list.',
  }
}
