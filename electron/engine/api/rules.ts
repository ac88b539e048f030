import { isDeepStrictEqual } from 'node:util'
import type { EngineApi } from '../../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Job } from '../../../shared/model/job.ts'
import type { LinkKeys, Rule, RuleView } from '../../../shared/model/rule.ts'
import type { Site } from '../../../shared/model/site.ts'
import type { Brakes } from '../brake/brakes.ts'
import type { Jobs, JobReport } from '../job/jobs.ts'
import type { LinkFeeds } from '../link/feeds/link-feeds.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import type { RuleBook, RuleRecord } from '../rule/rule-book.ts'
import { judgedWith, problemsWith, refusalOf, validateRules, type RuleProblem } from '../rule/validate.ts'
import { startsAnew, type TargetGuard } from '../link/convergence/target-guard.ts'
import type { Tell } from '../log/activity.ts'
import { linkFidelities, type FidelityParts } from './fidelity.ts'
import { cautionsOf } from './rule-cautions.ts'
import { ruleView, type RuleViewParts } from './rule-view.ts'
import { refuseUnknownKeys, type SseCKeys } from '../site/sse-c-keys.ts'

export interface RulesParts extends FidelityParts, RuleViewParts {
  readonly rules: RuleBook
  readonly links: Links
  readonly guard: TargetGuard
  readonly feeds: LinkFeeds
  readonly brakes: Pick<Brakes, 'release'>
  readonly jobs: Jobs
  readonly sites: () => readonly Site[]
  readonly sseCKeys: Pick<SseCKeys, 'has' | 'list'>
  readonly keys: (link: Link) => readonly LinkKeys[]
  readonly lookAgain: (ruleId: string | null) => Job
  readonly tell: Tell
  readonly now: () => number
}

export function rulesApi(parts: RulesParts): EngineApi['rules'] {
  const { rules } = parts
  const problems = (): readonly RuleProblem[] => validateRules(rules.rules(), parts.sites())
  const viewed = (record: RuleRecord): RuleView => ruleView(record, problems(), parts)
  return {
    list() {
      const found = problems()
      return rules.list().map((record) => ruleView(record, found, parts))
    },
    get: ({ id }) => viewed(rules.get(id)),
    async create(rule) {
      if (rules.has(rule.id)) throw new FaultError(fault('CONFLICT', `There is a rule “${rule.id}” already.`))
      return viewed(await putRule(rule, parts))
    },
    async update(rule) {
      rules.get(rule.id)
      return viewed(await putRule(rule, parts))
    },
    remove: ({ id }) => removeRule(id, parts),
    pause: async ({ id }) => viewed(await pauseRule(id, parts)),
    resume: async ({ id }) => viewed(await resumeRule(id, parts)),
    check(rule) {
      const others = rules.rules().filter((other) => other.id !== rule.id)
      const found = validateRules([...others, rule], parts.sites())
      return cautionsOf(rule, found, parts.capabilities(rule.source.site))
    },
    fidelity: (rule) => linkFidelities(rule, parts),
    keys({ id }) {
      rules.get(id)
      return parts.links.ofRule(id).flatMap(parts.keys)
    },
    async answer({ id, answer }) {
      const { rule } = rules.get(id)
      if (answer === 'leaveOut') return viewed(await storeRule(withoutKeys(rule, parts), parts))
      await coverKeys(rule, parts)
      return viewed(rules.get(id))
    },
    lookAgain({ ruleId }) {
      if (ruleId !== null) rules.get(ruleId)
      return parts.lookAgain(ruleId)
    },
    resync: ({ ruleId, prefix }) => startResync(ruleId, prefix, parts),
  }
}

async function removeRule(id: string, { rules, links, tell }: RulesParts): Promise<void> {
  await rules.remove(id)
  await links.follow()
  tell('info', 'rule', `Rule ${id} was removed. Objects on both sides stay as they are.`, { ruleId: id })
}

async function pauseRule(id: string, { rules, links, tell, now }: RulesParts): Promise<RuleRecord> {
  const record = await rules.pause(id, { by: 'operator', reason: 'Paused by the operator.', at: now() })
  await links.follow()
  tell('info', 'rule', `Rule ${id} was paused.`, { ruleId: id })
  return record
}

async function resumeRule(id: string, { rules, links, brakes, guard, tell }: RulesParts): Promise<RuleRecord> {
  // First: a brake that is not released would stop the rule again before the next restart lets go of it.
  await brakes.release(rules.get(id).rule)
  await guard.require(rules.get(id).rule)
  const record = await rules.resume(id)
  await links.follow()
  tell('info', 'rule', `Rule ${id} was resumed.`, { ruleId: id })
  return record
}

/** The keys that others wrote are covered by the source’s versions: scans bring them. */
async function coverKeys(rule: Rule, { links, guard, feeds, tell }: RulesParts): Promise<void> {
  const { id } = rule
  await guard.cover(rule)
  await links.follow()
  feeds.scanAll(links.ofRule(id).map(({ linkId }) => linkId))
  tell('warning', 'rule', `Rule ${id} goes on and covers what others wrote at its target.`, { ruleId: id })
}

/** The keys that others wrote, as excludes of the rule: to be seen and taken back there. */
function withoutKeys(rule: Rule, parts: RulesParts): Rule {
  const found = parts.links.ofRule(rule.id).flatMap(parts.keys)
  const held = found.filter(({ kind }) => kind !== 'not-converging')
  const keys = held.flatMap(({ keys: some }) => some.map(({ key }) => key))
  const isWhole = held.every(({ count, keys: some }) => count === some.length)
  if (keys.length === 0) throw new FaultError(fault('NOT_FOUND', 'Others wrote no key at the target of this rule.'))
  // A glob cannot name a star: it would leave out more than this key.
  if (!isWhole || keys.some((key) => /[*?]/.test(key)))
    throw new FaultError(
      fault('NOT_SUPPORTED', 'These keys cannot be named one by one.', {
        remedy: 'Edit the rule and leave them out by a pattern under “Leave out keys like”, or let it cover them.',
      }),
    )
  return { ...rule, filter: { ...rule.filter, exclude: [...new Set([...rule.filter.exclude, ...keys])] } }
}

/** Refused whole when the rules together would not be sound. */
async function putRule(rule: Rule, parts: RulesParts): Promise<RuleRecord> {
  const { rules, sites } = parts
  const problems = validateRules(judgedWith([rule], rules.rules(), sites()), sites())
  const refusal = refusalOf(problemsWith(new Set([rule.id]), problems))
  if (refusal !== null) throw new FaultError(refusal)
  refuseUnknownKeys([rule], (name) => parts.sseCKeys.has(name))
  return storeRule(rule, parts)
}

/** Without a look at the others: for a set of rules that was looked at as a whole. */
export async function storeRule(rule: Rule, parts: RulesParts): Promise<RuleRecord> {
  const { rules, tell } = parts
  const before = rules.has(rule.id) ? rules.get(rule.id).rule : null
  // First: nothing may be handed out before the look.
  if (startsAnew(before, rule)) {
    await parts.guard.forgetAnswers(rule)
    await parts.guard.require(rule)
  }
  const record = await rules.put(rule)
  await parts.links.follow()
  // A configuration file is applied at every start: what stands in it as before is no news.
  if (!isDeepStrictEqual(before, rule))
    tell('info', 'rule', `Rule ${rule.id} was ${before === null ? 'added' : 'changed'}.`, { ruleId: rule.id })
  return record
}

function startResync(ruleId: string, prefix: string, { links, feeds, jobs }: RulesParts): Job {
  const found = links.ofRule(ruleId)
  if (found.length === 0) throw new FaultError(fault('NOT_FOUND', `There is no rule “${ruleId}”.`))
  return jobs.start({
    kind: 'resync',
    title: `Resync of rule ${ruleId}${prefix === '' ? '' : `, keys under “${prefix}”`}`,
    ruleId,
    run: (report) => resyncLinks(found, prefix, feeds, report),
  })
}

async function resyncLinks(
  links: readonly Link[],
  prefix: string,
  feeds: LinkFeeds,
  { signal, progress }: JobReport,
): Promise<string> {
  let keys = 0
  let differences = 0
  for (const link of links) {
    const before = keys
    const onProgress = (counts: { readonly keys: number }): void => progress(before + counts.keys, null)
    const result = await feeds.resync(link.linkId, { prefix, reason: 'resync', signal, onProgress })
    keys += result.keys
    differences += result.differences
  }
  progress(keys, keys)
  return `${keys.toLocaleString('en')} keys looked at, ${differences.toLocaleString('en')} versions queued.`
}
