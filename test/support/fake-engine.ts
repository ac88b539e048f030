import { ruleOf } from '../../shared/model/rule.ts'
import type { EngineApi, LiveBatch, LiveTopic } from '../../shared/api/engine-api.ts'
import type { FailureFilter, RetryInput } from '../../shared/api/inputs.ts'
import { compareLevels } from '../../shared/model/compare.ts'
import type { Job } from '../../shared/model/job.ts'
import type { LinkView } from '../../shared/model/rule.ts'
import type { Overview, SeriesPoint } from '../../shared/model/overview.ts'
import { fault, FaultError, type Fault } from '../../shared/model/fault.ts'
import { fidelityOf, type KnownSite, type LinkFidelity } from '../../shared/model/fidelity.ts'
import { heldCauses } from '../../shared/model/sync-state.ts'
import type { SiteView } from '../../shared/model/site.ts'
import { capabilitiesOf } from '../../shared/model/site-capabilities.ts'
import type { Failure, ItemEvent } from '../../shared/model/task.ts'
import { createFakeAdvisor } from './fake-advisor.ts'
import { createFakeChecks } from './fake-checks.ts'
import { createFakeGateway } from './fake-gateway.ts'
import { costAt, profileOf, viewOf, type FakeWorld } from './fake-world.ts'

/** An engine without a disk or a site: it answers from a world held in memory, and announces when told to. */
export interface FakeEngine {
  readonly api: EngineApi
  readonly world: FakeWorld
  /** Every call as `failures.retry`, with what was asked. */
  readonly calls: { readonly path: string; readonly input: unknown }[]
  /** Announces the topics, with the world as it stands. */
  push(...topics: LiveTopic[]): void
  /** From now on the procedure is refused; null lets it answer again. */
  refuse(path: string, value: Fault | null): void
  /** From now on the procedure does not answer. */
  hold(path: string): void
  /** Ends a running job; the items that a retry named are settled and leave. */
  finish(jobId: string): void
  /** Ends every live stream, as an engine does that goes away. */
  hangUp(): void
}

export function createFakeEngine(world: FakeWorld): FakeEngine {
  const refused = new Map<string, Fault>()
  const held = new Set<string>()
  const calls: FakeEngine['calls'] = []
  const live = createFakeLive(() => ({ overview: overviewOf(world), transfers: world.transfers }))
  const retried = new Map<string, ReadonlySet<number>>()
  const api = bare(world, live, retried)
  return {
    world,
    calls,
    api: watched(api, (path, input) => {
      calls.push({ path, input })
      const value = refused.get(path)
      if (value !== undefined) throw new FaultError(value)
      return held.has(path)
    }),
    push: live.push,
    refuse: (path, value) => void (value === null ? refused.delete(path) : refused.set(path, value)),
    hold: (path) => void held.add(path),
    hangUp: live.hangUp,
    finish: (jobId) => {
      const seqs = retried.get(jobId) ?? new Set()
      world.settled = world.failures.filter(({ seq }) => seqs.has(seq))
      world.failures = world.failures.filter(({ seq }) => !seqs.has(seq))
      world.jobs = world.jobs.map((job) =>
        job.id === jobId
          ? { ...job, state: 'done', done: job.total ?? 0, endedAt: world.now, result: `${job.total} arrived` }
          : job,
      )
      live.push('failures', 'jobs')
    },
  }
}

interface FakeLive {
  readonly push: (...topics: LiveTopic[]) => void
  readonly hangUp: () => void
  readonly watch: (signal: AbortSignal) => AsyncIterable<LiveBatch>
}

function createFakeLive(snapshot: () => Pick<LiveBatch, 'overview' | 'transfers'>): FakeLive {
  const listeners = new Set<(batch: LiveBatch | null) => void>()
  let seq = 0
  const batchOf = (topics: readonly LiveTopic[]): LiveBatch => ({ seq, at: Date.now(), topics, ...snapshot() })
  return {
    push: (...topics) => {
      seq++
      for (const listener of listeners) listener(batchOf(topics))
    },
    hangUp: () => {
      for (const listener of listeners) listener(null)
    },
    async *watch(signal) {
      const queue: (LiveBatch | null)[] = [batchOf([])]
      let wake: () => void = () => {}
      const hear = (batch: LiveBatch | null) => {
        queue.push(batch)
        wake()
      }
      listeners.add(hear)
      signal.addEventListener('abort', () => hear(null))
      try {
        for (;;) {
          const batch = queue.shift()
          if (batch === null) return
          if (batch !== undefined) yield batch
          else
            await new Promise<void>((resolve) => {
              wake = resolve
            })
        }
      } finally {
        listeners.delete(hear)
      }
    },
  }
}

interface Procedures {
  readonly [name: string]: ((q: unknown) => unknown) | Procedures
}

/** The api with every call told to `observe` first; where that answers true, the call never returns. */
function watched(api: EngineApi, observe: (path: string, input: unknown) => boolean): EngineApi {
  const group = (procedures: Procedures, path: string): Procedures =>
    Object.fromEntries(
      Object.entries(procedures).map(([name, run]) => [
        name,
        typeof run === 'function'
          ? (input: unknown) => (observe(`${path}${name}`, input) ? new Promise(() => {}) : run.call(procedures, input))
          : group(run, `${path}${name}.`),
      ]),
    )
  return group(api as unknown as Procedures, '') as unknown as EngineApi
}

const missing = (what: string) => new FaultError(fault('NOT_FOUND', `There is no ${what}.`))

function bare(world: FakeWorld, live: FakeLive, retried: Map<string, ReadonlySet<number>>): EngineApi {
  const siteOf = (id: string) => {
    const site = world.sites.find((one) => one.id === id)
    if (site === undefined) throw missing(`site ${id}`)
    return site
  }
  const changeSite = (id: string, change: Partial<SiteView>) => {
    const changed = { ...siteOf(id), ...change }
    world.sites = world.sites.map((site) => (site.id === id ? changed : site))
    live.push('sites')
    return changed
  }
  const seen = (id: string) => {
    const rule = world.rules.find((one) => one.id === id)
    if (rule === undefined) throw missing(`rule ${id}`)
    return rule
  }
  const setRule = (id: string, paused: boolean) => {
    const state = paused
      ? ({ kind: 'paused', by: 'operator', reason: 'Paused by the operator.', remedy: 'Resume it.' } as const)
      : ({ kind: 'copying' } as const)
    const changed = viewOf(ruleOf(seen(id)), state, 1, world.now)
    world.rules = world.rules.map((rule) => (rule.id === id ? changed : rule))
    live.push('rules')
    return changed
  }
  const startJob = (kind: Job['kind'], title: string, ruleId: string | null, total: number | null): Job => {
    const job: Job = {
      id: `${kind}-${world.jobs.length + 1}`,
      kind,
      title,
      ruleId,
      state: 'running',
      startedAt: world.now,
      endedAt: null,
      done: 0,
      total,
      result: null,
      fault: null,
    }
    world.jobs = [...world.jobs, job]
    live.push('jobs')
    return job
  }
  return {
    overview: {
      get: () => overviewOf(world),
      series: async ({ windowMs }) => world.series ?? seriesOf(world, windowMs),
    },
    sites: {
      list: () => world.sites,
      create: async ({ credentials: _credentials, ...site }) => {
        const { health } = world.sites[0] ?? { health: unknownHealth(world.now) }
        const made: SiteView = {
          ...site,
          paused: false,
          credentialsFrom: 'keychain',
          accessKeyHint: 'AK…99',
          health,
          capabilities: null,
          profile: null,
          signsFor: null,
          usedByRules: [],
        }
        world.sites = [...world.sites, made]
        world.buckets.set(made.id, [{ name: 'photos', versioning: 'Enabled', objectLock: false }])
        live.push('sites')
        return made
      },
      update: async ({ credentials: _credentials, ...site }) => changeSite(site.id, site),
      setRegion: async ({ id, region }) => changeSite(id, { region }),
      remove: async ({ id }) => {
        world.sites = world.sites.filter((site) => site.id !== siteOf(id).id)
        live.push('sites')
      },
      pause: async ({ id }) => changeSite(id, { paused: true }),
      resume: async ({ id }) => changeSite(id, { paused: false }),
      probe: async ({ id }) => siteOf(id),
      profile: async ({ id, bucket }) => {
        const { vendor } = siteOf(id).capabilities ?? { vendor: 'other' as const }
        const found = { ...profileOf('minio', world.now), vendor }
        const probe = { bucket: bucket ?? 'photos', at: world.now, requests: 71, elapsedMs: 1840, left: null }
        const profile = { ...found, probe }
        return changeSite(id, { profile, capabilities: capabilitiesOf(profile) })
      },
      buckets: async ({ siteId }) => world.buckets.get(siteOf(siteId).id) ?? [],
      createBucket: async ({ bucket, objectLock }) => ({ name: bucket, versioning: 'Enabled', objectLock }),
    },
    rules: {
      list: () => world.rules,
      get: ({ id }) => seen(id),
      check: () => [],
      fidelity: async (rule) => {
        const known = (siteId: string): KnownSite => world.sites.find(({ id }) => id === siteId)?.capabilities ?? null
        const lines = (siteId: string): LinkFidelity['lines'] =>
          fidelityOf(rule, known(rule.source.site), known(siteId)).map((line) => ({ ...line, notKeptCount: null }))
        return rule.targets.map((target) => ({ linkId: null, target, lines: lines(target.site) }))
      },
      keys: ({ id }) => world.ruleKeys.get(id) ?? [],
      answer: async ({ id }) => seen(id),
      create: async (rule) => {
        const view = viewOf(rule, { kind: 'first-copy' }, 4, world.now)
        world.rules = [...world.rules, view]
        live.push('rules')
        return view
      },
      update: async (rule) => {
        const view = viewOf(rule, seen(rule.id).links[0]!.state, 1, world.now)
        world.rules = world.rules.map((one) => (one.id === rule.id ? view : one))
        live.push('rules')
        return view
      },
      remove: async ({ id }) => {
        world.rules = world.rules.filter((rule) => rule.id !== seen(id).id)
        live.push('rules')
      },
      pause: async ({ id }) => setRule(id, true),
      resume: async ({ id }) => setRule(id, false),
      lookAgain: ({ ruleId }) => startJob('look', `Look again at ${ruleId ?? 'held rules'}`, ruleId, null),
      resync: ({ ruleId }) => startJob('resync', `Resync ${ruleId}`, ruleId, null),
    },
    checks: createFakeChecks(() => live.push('checks')),
    transfers: { list: () => world.transfers },
    failures: {
      list: async (q) => {
        const rows = world.failures.filter((failure) => matches(failure, q.filter)).sort(orderBy(q.sort, q.descending))
        return {
          asOf: world.now,
          total: rows.length,
          rows: rows.slice(q.offset, q.offset + q.limit),
          byCode: countByCode(rows),
        }
      },
      get: async ({ seq }) => {
        const failure = world.failures.find((one) => one.seq === seq) ?? null
        const item = failure ?? world.settled.find((one) => one.seq === seq)
        if (item === undefined) throw new FaultError(fault('NOT_FOUND', `No item has the number ${seq}.`))
        const attempt = (at: number, number: number) =>
          ({ at, what: 'attempt-failed', attempt: number, fault: item.fault, did: null }) as const
        const history: ItemEvent[] = [
          { at: world.now - 7_200_000, what: 'queued', attempt: null, fault: null, did: null },
          attempt(world.now - 7_190_000, 1),
          attempt(world.now - 3_600_000, 2),
        ]
        const { ruleId, linkId, source, target, key, versionId } = item
        const name = { seq, ruleId, linkId, source, target, key, versionId, asOf: world.now }
        if (failure !== null) return { ...name, history, state: 'failing', failure }
        const settled = { at: world.now, what: 'settled', attempt: 3, fault: null, did: 'copied' } as const
        return { ...name, history: [...history, settled], state: 'settled', settledAt: world.now, did: 'copied' }
      },
      retry: async (q: RetryInput) => {
        const chosen = world.failures.filter((failure) =>
          'seqs' in q ? q.seqs.includes(failure.seq) : matches(failure, q.filter),
        )
        const job = startJob(
          'retry',
          `Retry ${chosen.length} ${chosen.length === 1 ? 'item' : 'items'}`,
          null,
          chosen.length,
        )
        retried.set(job.id, new Set(chosen.map(({ seq }) => seq)))
        return job
      },
    },
    jobs: {
      list: () => world.jobs,
      cancel: ({ id }) => {
        world.jobs = world.jobs.map((job) => (job.id === id ? { ...job, state: 'cancelled', endedAt: world.now } : job))
        live.push('jobs')
        return world.jobs.find((job) => job.id === id)!
      },
    },
    compare: {
      cost: async () => compareLevels.map((level) => costAt(world.now, level)),
      start: async ({ ruleId, level }) => startJob('compare', `Compare ${ruleId} by ${level}`, ruleId, null),
      report: ({ jobId }) => world.reports.find((report) => report.jobId === jobId) ?? null,
      reports: () => world.reports.map((report) => ({ ...report, differences: [] })),
    },
    advisor: createFakeAdvisor(world),
    activity: {
      list: async (q) =>
        world.activity
          .filter((one) => q.ruleId === null || one.ruleId === q.ruleId)
          .filter((one) => q.level === null || one.level === q.level)
          .filter((one) => q.before === null || one.id < q.before)
          .slice(0, q.limit),
    },
    settings: {
      get: () => world.settings,
      update: async ({ workers }) => {
        world.settings = { ...world.settings, workers }
        live.push('settings')
        return world.settings
      },
      renewWebhookUrl: async () => ({ url: 'http://192.0.2.10:7400/events/shown-once' }),
    },
    sseCKeys: {
      list: () => world.sseCKeys,
      put: async ({ name }) => {
        const view = {
          name,
          md5: 'r7mlFUNkMYzUO1PRSDDgwQ==',
          from: 'console',
          isThere: true,
          usedByRules: [],
          createdAt: world.now,
        } as const
        world.sseCKeys = [...world.sseCKeys.filter((key) => key.name !== name), view]
        live.push('settings')
        return view
      },
      remove: async ({ name }) => {
        world.sseCKeys = world.sseCKeys.filter((key) => key.name !== name)
        live.push('settings')
      },
    },
    gateway: createFakeGateway(world, () => live.push('gateway')),
    config: {
      export: () => JSON.stringify({ version: 1, sites: [], rules: [] }, null, 2),
      preview: ({ text }) => previewOf(text),
      apply: async ({ text }) => previewOf(text),
    },
    metrics: { text: async () => '' },
    diagnostics: { get: () => ({ asOf: world.now, text: 'queue: 12 ready, 3 leased\nfeeds: 2 live' }) },
    wait: { settled: async () => ({ settled: true, pending: 0, parked: 0, notConverging: 0, unknown: 0, held: [] }) },
    demo: {
      get: () => world.demo,
      set: async ({ targetBroken }) => {
        world.demo = { targetSite: 'oslo', targetBroken }
        live.push('demo')
        return world.demo
      },
    },
    live: { watch: live.watch },
  }
}

function unknownHealth(now: number): SiteView['health'] {
  return {
    state: 'unknown',
    asOf: now,
    rttMs: null,
    jitterMs: null,
    probeLoss: null,
    probes: { recent: 0, counted: 0, failed: 0, sinceAt: now, lastAt: null },
    clockSkewMs: null,
    downSince: null,
    totalDownMs: 0,
    readBytesPerSecond: 0,
    writeBytesPerSecond: 0,
    lastFault: null,
  }
}

function previewOf(text: string) {
  if (!text.trim().startsWith('{'))
    throw new FaultError(fault('CONFIG_INVALID', 'The text is not JSON: line 1, column 1.'))
  return {
    changes: ['The rule photos-to-oslo is changed: priority 1 → 5.', 'The site paris is added.'],
    missingSecretsFor: ['paris'],
  }
}

function overviewOf(world: FakeWorld): Overview {
  const links = world.rules.flatMap((rule) => rule.links)
  const sum = (name: 'backlogCount' | 'backlogBytes' | 'objectsPerSecond' | 'bytesPerSecond') =>
    links.reduce((total, link) => total + link[name], 0)
  return {
    asOf: world.now,
    startedAt: world.now - 86_400_000,
    links,
    held: heldCauses(links),
    workers: { busy: world.transfers.length, limit: world.settings.workers.limit },
    totals: {
      backlogCount: sum('backlogCount'),
      backlogBytes: sum('backlogBytes'),
      oldestPendingAt: oldestOf(links),
      failing: world.failures.filter(({ state }) => state !== 'parked').length,
      parked: world.failures.filter(({ state }) => state === 'parked').length,
      objectsPerSecond: sum('objectsPerSecond'),
      bytesPerSecond: sum('bytesPerSecond'),
    },
    eventLoopDelayP99Ms: 4,
  }
}

function oldestOf(links: readonly LinkView[]): number | null {
  const pending = links.flatMap(({ oldestPendingAt }) => (oldestPendingAt === null ? [] : [oldestPendingAt]))
  return pending.length === 0 ? null : Math.min(...pending)
}

function seriesOf(world: FakeWorld, windowMs: number): SeriesPoint[] {
  if (world.rules.length === 0) return []
  return Array.from({ length: 150 }, (_, index) => {
    const wave = Math.sin(index / 11) + 1.2
    return {
      at: world.now - windowMs + (index * windowMs) / 149,
      backlogCount: Math.round(900 * wave),
      backlogBytes: 900 * wave * 3_400_000,
      lagSeconds: 80 * wave,
      objectsPerSecond: 120 * wave,
      bytesPerSecond: 41e6 * wave,
      failures: index % 9 === 0 ? 3 : 0,
      rttMs: 31,
    }
  })
}

function matches(failure: Failure, filter: FailureFilter): boolean {
  return (
    (filter.ruleId === null || failure.ruleId === filter.ruleId) &&
    (filter.linkId === null || failure.linkId === filter.linkId) &&
    (filter.state === null || failure.state === filter.state) &&
    (filter.code === null || failure.fault.code === filter.code) &&
    (filter.operation === null || failure.operation === filter.operation) &&
    failure.key.includes(filter.search)
  )
}

function orderBy(sort: 'lastAttemptAt' | 'firstFailedAt' | 'attempts' | 'key' | 'nextAttemptAt', descending: boolean) {
  const sign = descending ? -1 : 1
  return (a: Failure, b: Failure) => {
    if (sort === 'key') return sign * a.key.localeCompare(b.key)
    return sign * ((a[sort] ?? Number.MAX_SAFE_INTEGER) - (b[sort] ?? Number.MAX_SAFE_INTEGER)) || a.seq - b.seq
  }
}

function countByCode(rows: readonly Failure[]) {
  const counts = new Map<string, number>()
  for (const { fault: value } of rows) counts.set(value.code, (counts.get(value.code) ?? 0) + 1)
  return [...counts].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count)
}
