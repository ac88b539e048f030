import { setTimeout as delay } from 'node:timers/promises'
import type { Job } from '../../../shared/model/job.ts'
import type { LinkView } from '../../../shared/model/rule.ts'
import { heldCauses, isHeld } from '../../../shared/model/sync-state.ts'
import { countOf } from '../../../shared/text/count.ts'
import { heldTitle } from '../../../shared/text/held.ts'
import type { Jobs, JobReport } from '../job/jobs.ts'
import type { BucketWatch } from '../link/buckets/bucket-watch.ts'
import type { IdentityProbes } from '../link/identity.ts'
import type { LinkFeeds } from '../link/feeds/link-feeds.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import type { TargetGuard } from '../link/convergence/target-guard.ts'

export interface LookAgainParts {
  readonly links: Links
  readonly jobs: Jobs
  readonly identities: IdentityProbes
  readonly guard: TargetGuard
  readonly feeds: LinkFeeds
  readonly buckets: BucketWatch
  readonly probe: (siteId: string) => Promise<unknown>
  readonly view: (link: Link) => LinkView
  readonly now: () => number
}

/** Links looked at side by side: each asks its target for a handful of requests. */
const atOnce = 8
const bucketsLimitMs = 10_000
const pollMs = 50

/** Looks again at all that is held, or at the links of one rule, without waiting for the next turn. */
export function lookAgain(ruleId: string | null, parts: LookAgainParts): Job {
  const { links, jobs, view } = parts
  const chosen = (ruleId === null ? links.list() : links.ofRule(ruleId)).filter(
    (link) => ruleId !== null || isHeld(view(link).state),
  )
  const count = new Set(chosen.map((link) => link.ruleId)).size
  return jobs.start({
    kind: 'look',
    title: ruleId === null ? `Look again at ${countOf(count, 'held rule')}` : `Look again at rule ${ruleId}`,
    ruleId,
    run: (report) => run(chosen, report, parts),
  })
}

async function run(chosen: readonly Link[], report: JobReport, parts: LookAgainParts): Promise<string> {
  const sites = new Set(chosen.flatMap(({ source, target }) => [source.site, target.site]))
  await Promise.all([...sites].map((siteId) => quietly(parts.probe(siteId))))
  for (const siteId of sites) parts.buckets.lookSoon(siteId)
  const left = [...chosen]
  const worker = async (): Promise<void> => {
    for (let link = left.shift(); link !== undefined; link = left.shift()) {
      report.signal.throwIfAborted()
      await look(link, report.signal, parts)
      report.progress(chosen.length - left.length, chosen.length)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, chosen.length) }, worker))
  return found(chosen, parts)
}

async function look(link: Link, signal: AbortSignal, parts: LookAgainParts): Promise<void> {
  await parts.identities.look(link.target)
  parts.guard.again(link)
  const { state, unknown } = await bucketsAsked(link, signal, parts)
  const cannotRead = state.kind === 'held' && state.by.what === 'listing'
  if (cannotRead || unknown !== null) await quietly(parts.feeds.lookAgain(link, signal))
}

/** The bucket check looks at all buckets in turn; one that does not answer is not waited for. */
async function bucketsAsked(link: Link, signal: AbortSignal, { view, now }: LookAgainParts): Promise<LinkView> {
  const begun = now()
  const before = view(link)
  if (before.state.kind !== 'held' || before.state.by.what !== 'bucket') return before
  while (now() - begun < bucketsLimitMs && (view(link).bucketsAskedAt ?? 0) < begun) {
    signal.throwIfAborted()
    await delay(pollMs)
  }
  return view(link)
}

function found(chosen: readonly Link[], { links, view }: LookAgainParts): string {
  const now = chosen.flatMap(({ linkId }) => links.get(linkId) ?? []).map(view)
  const causes = heldCauses(now)
  const held = new Set(causes.flatMap(({ ruleIds }) => ruleIds)).size
  const free = new Set(now.map(({ ruleId }) => ruleId)).size - held
  if (held === 0) return free === 0 ? 'Nothing is held.' : `${countOf(free, 'rule goes', 'rules go')} on.`
  const goesOn = free === 0 ? '' : `${countOf(free, 'rule goes', 'rules go')} on. `
  return `${goesOn}${countOf(held, 'rule is', 'rules are')} still held: ${causes.map(heldTitle).join(' ')}`
}

/** What it met shows in the state of the links that it holds. */
async function quietly(asked: Promise<unknown>): Promise<void> {
  await asked.catch(() => undefined)
}
