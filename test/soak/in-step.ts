import type { RuleView } from '../../shared/model/rule.ts'
import type { Speaker } from './engine-life.ts'
import type { Ledger } from './ledger.ts'
import { bucketAt, differencesOf, inWords, listingOf, listingsApart } from './reading.ts'
import type { SoakRule } from './rules.ts'
import type { SiteName, Stage } from './stage.ts'
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
      else
        await checkLink(
          parts,
          rule,
          rule.targets.find((name) => name === link.target.site)!,
          asOf,
        )
    }
  }
}

/** When the scans began whose end the rule shows: what was there then has been looked at. Null while one runs. */
export function scannedSince({ feeds }: RuleView): number | null {
  const scans = feeds.filter(({ kind }) => kind === 'scan')
  const begun = scans.map(({ state, lastScan }) => (state === 'idle' ? (lastScan?.startedAt ?? null) : null))
  return begun.length === 0 || begun.includes(null) ? null : Math.min(...begun.filter((at) => at !== null))
}

const deepKeys = 25

async function checkLink(
  { stage, ledger, tally }: Parts,
  rule: SoakRule,
  target: SiteName,
  asOf: number,
): Promise<void> {
  const isQuiet = (key: string): boolean => ledger.isQuietSince(rule.id, key, asOf)
  const source = await listingOf(bucketAt(stage, rule.source, rule))
  const there = await listingOf(bucketAt(stage, target, rule))
  const apart = listingsApart(source, there, isQuiet)
  const quiet = [...source.keys()].filter(isQuiet)
  tally.held('in step', quiet.length)
  for (const [key, how] of [...apart].slice(0, 5))
    tally.lie('in step', `${rule.id} → ${target}, as of ${new Date(asOf).toISOString()}: ${key}: ${how}`)
  const deep = new Set(quiet.slice(-deepKeys))
  const differences = await differencesOf(stage, rule, target, { only: (key) => deep.has(key) && !apart.has(key) })
  const claimed = differences.filter(({ key, field }) => isQuiet(key) && isClaimed(rule, field))
  if (claimed.length > 0)
    tally.lie('in step', `${rule.id} → ${target}, as of ${new Date(asOf).toISOString()}: ${inWords(claimed)}`)
}

/** A tag or a lock that was changed late is told by no listing: of rules that clients write past the gateway it waits for a resync. */
export const isClaimed = (rule: SoakRule, field: string): boolean =>
  rule.by === 'gateway' || (field !== 'tags' && field !== 'lock')
