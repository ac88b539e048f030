import type { LinkView, RuleView } from '../../shared/model/rule.ts'
import type { BucketDifference } from '../compare/compare-buckets.ts'
import type { Speaker } from './engine-life.ts'
import type { Ledger } from './ledger.ts'
import { bucketAt, differencesOf, inWords, listingOf, listingsApart } from './reading.ts'
import type { SoakRule } from './rules.ts'
import type { Stage } from './stage.ts'
import type { Tally } from './tally.ts'

interface Parts {
  readonly stage: Stage
  readonly engine: Speaker
  readonly ledger: Ledger
  readonly tally: Tally
  readonly rules: readonly SoakRule[]
}

/** Holds the badge *in step* of every link against both sides, while clients write on: of the keys that nobody touched since. */
export async function checkInStep(parts: Parts): Promise<void> {
  const views = await parts.engine.now.api.rules.list.query()
  for (const rule of parts.rules) {
    const view = views.find(({ id }) => id === rule.id)
    const asOf = view === undefined ? null : scannedSince(view)
    for (const link of view?.links ?? []) {
      if (link.state.kind !== 'in-step') continue
      if (asOf === null) parts.tally.unasked('in step', 'no finished scan to date it by')
      else await checkLink(parts, rule, link, asOf)
    }
  }
}

/** When the scans began whose end the rule shows: what was there then has been looked at. Null while one runs. */
export function scannedSince({ feeds }: Pick<RuleView, 'feeds'>): number | null {
  const scans = feeds.filter(({ kind }) => kind === 'scan')
  const begun = scans.map(({ state, lastScan }) => (state === 'idle' ? (lastScan?.startedAt ?? null) : null))
  return begun.length === 0 || begun.includes(null) ? null : Math.min(...begun.filter((at) => at !== null))
}

const deepKeys = 25

async function checkLink(parts: Parts, rule: SoakRule, link: LinkView, asOf: number): Promise<void> {
  const { stage, ledger, tally } = parts
  const target = rule.targets.find((name) => name === link.target.site)!
  const isQuiet = (key: string): boolean => ledger.isQuietSince(rule.id, key, asOf)
  const source = await listingOf(bucketAt(stage, rule.source, rule))
  const there = await listingOf(bucketAt(stage, target, rule))
  const apart = listingsApart(source, there, isQuiet)
  const quiet = [...source.keys()].filter(isQuiet)
  const said = `${rule.id} → ${target}, as of ${new Date(asOf).toISOString()}`
  tally.held('in step', quiet.length)
  for (const [key, how] of [...apart].slice(0, 5)) tally.lie('in step', `${said}: ${key}: ${how}`)
  const deep = new Set(quiet.slice(-deepKeys))
  const differences = await differencesOf(stage, rule, target, { only: (key) => deep.has(key) && !apart.has(key) })
  const still = differences.filter(({ key }) => isQuiet(key))
  const shown = still.filter(({ field }) => !isLate(rule, field))
  if (shown.length > 0) tally.lie('in step', `${said}: ${inWords(shown)}`)
  checkAttributes(
    parts,
    rule,
    link,
    still.filter(({ field }) => isLate(rule, field)),
    asOf,
  )
}

/** What changes late is claimed as of the last round of the slow pass. */
function checkAttributes(
  { ledger, tally }: Parts,
  rule: SoakRule,
  { attributes, target }: LinkView,
  late: readonly BucketDifference[],
  asOf: number,
): void {
  const last = attributes?.last ?? null
  if (rule.by === 'gateway') return
  if (last === null || attributes?.state === 'fault' || attributes?.unseen !== 0)
    return tally.unasked('attributes', 'no round has gone over everything')
  const since = Math.min(asOf, last.startedAt)
  const claimed = late.filter(({ key }) => ledger.isQuietSince(rule.id, key, since))
  if (claimed.length === 0) tally.held('attributes')
  else
    tally.lie('attributes', `${rule.id} → ${target.site}, as of ${new Date(since).toISOString()}: ${inWords(claimed)}`)
}

/** A tag or a lock that was changed late is told by no listing: past the gateway it is found by a slower pass, or by a resync. */
export const isLate = (rule: SoakRule, field: string): boolean =>
  rule.by !== 'gateway' && (field === 'tags' || field === 'lock')
