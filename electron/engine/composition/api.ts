import type { EngineApi } from '../../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Hold } from '../../../shared/model/task.ts'
import { holdOf } from '../link/state/held-until.ts'
import type { EngineParts } from './composition-root.ts'
import { FirstSeen } from '../compare/first-seen.ts'
import { problemsWith, refusalOf, validateRules } from '../rule/validate.ts'
import { createPreflight } from '../site/preflight.ts'
import type { EngineOptions } from './options.ts'
import { advisorApi } from '../api/advisor.ts'
import { compareApi } from '../api/compare.ts'
import { configApi, type ConfigParts } from '../api/config.ts'
import { diagnosticsApi } from '../api/diagnostics.ts'
import { failuresApi } from '../api/failures.ts'
import { gatewayApi } from '../api/gateway.ts'
import { linkKeys } from '../api/link-keys.ts'
import { lookAgain } from '../api/look-again.ts'
import { metricsApi } from '../api/metrics.ts'
import { rulesApi, storeRule, type RulesParts } from '../api/rules.ts'
import { settingsApi } from '../api/settings.ts'
import { sitesApi } from '../api/sites.ts'
import { sseCKeysApi } from '../api/sse-c-keys.ts'
import { waitApi } from '../api/wait.ts'

/** Everything that a console or a script may ask, answered by the engine's parts: one row per subject. */
export function assembleApi(
  parts: EngineParts,
  options: EngineOptions,
): { readonly api: EngineApi; readonly config: ConfigParts } {
  const { journal, links, jobs, queue, feeds, now } = parts
  const rulesParts = ruleParts(parts)
  const config = configParts(parts, rulesParts)
  const api: EngineApi = {
    overview: { get: parts.overview, series: (q) => parts.series.points(q.linkId, q.windowMs) },
    sites: sitesApi(parts),
    rules: rulesApi(rulesParts),
    checks: checksApi(parts),
    transfers: { list: () => parts.dispatcher.transfers(1000) },
    failures: failuresApi({ journal, queue, jobs, link: (linkId) => links.get(linkId), hold: holdsOf(parts), now }),
    jobs: { list: () => jobs.list(), cancel: ({ id }) => jobs.cancel(id) },
    compare: compareApi({
      ...parts,
      orphans: new FirstSeen(),
      list: (siteId, request, signal) => parts.pool.list(siteId, request, signal),
    }),
    advisor: advisorApi({ ...parts, history: journal.history, workers: () => parts.settings.workers().limit }),
    activity: { list: (q) => journal.history.activity(q) },
    settings: settingsApi(parts, options),
    sseCKeys: sseCKeysApi(parts),
    gateway: gatewayApi(parts.gateway),
    config: configApi(config),
    diagnostics: diagnosticsApi({ ...parts, atOnce: journal.atOnce }, options.version),
    metrics: metricsApi({ ...parts, history: journal.history }, options.version),
    wait: waitApi({
      links,
      atOnce: journal.atOnce,
      convergence: (link) => parts.convergence.of(link),
      view: (link) => parts.views.view(link),
      scan: (linkId, signal) => feeds.resync(linkId, { prefix: '', reason: 'gap', signal }),
      now,
    }),
    demo: demoApi(parts, options),
    live: { watch: (signal) => parts.liveUpdates.watch(signal) },
  }
  return { api, config }
}

function checksApi({ sites, network, clock, random, liveUpdates }: EngineParts): EngineApi['checks'] {
  const onChange = (): void => liveUpdates.changed('checks')
  const preflight = createPreflight({ sites, network, clock, random, onChange })
  return {
    start: (q) => preflight.start(q),
    get: ({ id }) => preflight.get(id),
    cancel: ({ id }) => preflight.cancel(id),
    repair: ({ runId, stepId }) => preflight.repair(runId, stepId),
  }
}

function demoApi({ liveUpdates }: EngineParts, { demo }: EngineOptions): EngineApi['demo'] {
  return {
    get: () => demo?.get() ?? null,
    async set({ targetBroken }) {
      if (demo === null)
        throw new FaultError(fault('NOT_SUPPORTED', 'There is nothing to break here: this is not the demo.'))
      const view = await demo.set(targetBroken)
      liveUpdates.changed('demo')
      return view
    },
  }
}

function holdsOf({ links, sites }: EngineParts): (linkId: string) => Hold | null {
  return (linkId) => {
    const link = links.get(linkId)
    return link === null ? null : holdOf(link, { links, sites })
  }
}

function ruleParts(parts: EngineParts): RulesParts {
  const { rules, links, convergence, guard, feeds, brakes, jobs, sites, views, gateway, tell, now } = parts
  return {
    rules,
    links,
    guard,
    feeds,
    brakes,
    jobs,
    sites: () => sites.list(),
    sseCKeys: parts.sseCKeys,
    capabilities: (siteId) => sites.capabilities(siteId),
    notKept: (linkId) => parts.journal.history.notKept(linkId),
    view: (link) => views.view(link),
    keys: (link) => linkKeys(link, convergence, guard),
    feedViews: (link) => feeds.views(link),
    unchecked: (link) => feeds.unchecked(link),
    lookAgain: (ruleId) =>
      lookAgain(ruleId, { ...parts, probe: (siteId) => sites.probe(siteId), view: (link) => views.view(link) }),
    degraded: (ruleId) => gateway.degraded(ruleId),
    tell,
    now,
  }
}

function configParts({ sites, rules, settings, gateway, sseCKeys }: EngineParts, forRules: RulesParts): ConfigParts {
  return {
    sites: () => sites.ids().map((siteId) => sites.get(siteId)),
    rules: () => rules.rules(),
    workers: () => settings.workers(),
    notifications: settings.notifications,
    sseCKeys,
    gateway,
    hasKeys: (siteId) => sites.has(siteId),
    checkKeys: (siteId, credentials) => sites.checkKeys(siteId, credentials),
    async putSite(site, credentials) {
      if (credentials !== null) await sites.declare({ ...site, credentials })
      else await sites.update(site)
    },
    async putRule(rule) {
      await storeRule(rule, forRules)
    },
    setWorkers: (workers) => settings.setWorkers(workers),
    validate(wanted, known, changed) {
      const refusal = refusalOf(problemsWith(changed, validateRules(wanted, known)))
      if (refusal !== null) throw new FaultError(refusal)
    },
  }
}
