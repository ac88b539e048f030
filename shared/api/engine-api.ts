import type { z } from 'zod'
import type { Activity } from '../model/activity.ts'
import type { Advice } from '../model/advisor.ts'
import type { CheckRun } from '../model/check.ts'
import type { GatewayKeyView, GatewayRequest, GatewayView, NewGatewayKey } from '../model/gateway.ts'
import type { CompareCost, CompareReport } from '../model/compare.ts'
import type { Job } from '../model/job.ts'
import type { Overview, SeriesPoint } from '../model/overview.ts'
import type { LinkKeys, Rule, RuleCaution, RuleView } from '../model/rule.ts'
import type { BucketView, SiteView } from '../model/site.ts'
import type { HeldCause } from '../model/sync-state.ts'
import type { Failure, ItemEvent, SettledBy, TaskShown, Transfer } from '../model/task.ts'
import type { Fault } from '../model/fault.ts'
import type { LinkFidelity } from '../model/fidelity.ts'
import type * as input from './inputs.ts'
import type { SseCKeyView } from '../model/sse-c-key.ts'

type In<S extends z.ZodType> = z.output<S>

export interface Page<T> {
  readonly asOf: number
  readonly total: number
  readonly rows: readonly T[]
}

export interface FailurePage extends Page<Failure> {
  /** How many rows match the filter per fault code, most first. */
  readonly byCode: readonly { readonly code: string; readonly count: number }[]
}

/** Which item it is: all that is known of one that has settled. */
export type ItemName = Pick<TaskShown, 'seq' | 'ruleId' | 'linkId' | 'source' | 'target' | 'key' | 'versionId'>

/** One item by its number. `pending`: it did not fail, or not since it was offered again, and is on its way. */
export type FailureDetail = ItemName & { readonly asOf: number; readonly history: readonly ItemEvent[] } & (
    | { readonly state: 'failing'; readonly failure: Failure }
    | { readonly state: 'pending' }
    /** `did` is null where an older release settled it. */
    | { readonly state: 'settled'; readonly settledAt: number; readonly did: SettledBy | null }
  )

export interface Settings {
  readonly workers: { readonly limit: number; readonly large: number; readonly threads: number | null }
  readonly dataDir: string
  readonly secretsIn: 'keychain' | 'vault' | 'config'
  /** Where the receiver is reached, without the secret path of its URL; null when it is off. */
  readonly webhook: { readonly address: string } | null
  readonly version: string
  readonly runtime: string
}

export interface ImportPreview {
  /** In plain words, one line per change; empty when nothing would change. */
  readonly changes: readonly string[]
  readonly missingSecretsFor: readonly string[]
}

/** Numbers for the operator and for us, from one status object. */
export interface Diagnostics {
  readonly asOf: number
  readonly text: string
}

export interface WaitResult {
  readonly settled: boolean
  readonly pending: number
  readonly parked: number
  /** Keys of opposite rules that time does not bring together; while there are any it is not settled. */
  readonly notConverging: number
  /** Links that cannot be seen now: `pending` is the least there is. While there are any it is not settled. */
  readonly unknown: number
  /** What holds links; while there is anything it is not settled. */
  readonly held: readonly HeldCause[]
}

export interface DemoView {
  readonly targetBroken: boolean
  readonly targetSite: string
}

/** What changed since the last batch; the console refetches these. `seq` counts batches: a gap means refetch everything. */
const liveTopics = ['sites', 'rules', 'failures', 'activity', 'jobs', 'settings', 'checks', 'demo', 'gateway'] as const
export type LiveTopic = (typeof liveTopics)[number]
export interface LiveBatch {
  readonly seq: number
  readonly at: number
  readonly topics: readonly LiveTopic[]
  /** Sent with every batch while somebody listens, at most 4 a second. */
  readonly overview: Overview
  /** The busiest 200 transfers in flight. */
  readonly transfers: readonly Transfer[]
}

/**
 * Everything a console or a script can ask of the engine. The router offers exactly these; the engine's `api/` folder
 * implements them. Inputs arrive parsed. Refusals are thrown as `FaultError`.
 */
export interface EngineApi {
  overview: {
    get(): Overview
    series(q: In<typeof input.seriesInput>): Promise<readonly SeriesPoint[]>
  }
  sites: {
    list(): readonly SiteView[]
    create(site: In<typeof input.siteInput>): Promise<SiteView>
    update(site: In<typeof input.siteUpdateInput>): Promise<SiteView>
    /** What signatures name from now on; everything else of the site stays. */
    setRegion(q: In<typeof input.regionInput>): Promise<SiteView>
    /** Refused while a rule uses the site. */
    remove(q: In<typeof input.byId>): Promise<void>
    pause(q: In<typeof input.byId>): Promise<SiteView>
    resume(q: In<typeof input.byId>): Promise<SiteView>
    /** Probes reachability, and asks the site who it is, now. */
    probe(q: In<typeof input.byId>): Promise<SiteView>
    /** Finds out with small objects, which it removes again, what the site keeps. Refused while the site is paused. */
    profile(q: In<typeof input.siteProfileInput>): Promise<SiteView>
    buckets(q: In<typeof input.bySite>): Promise<readonly BucketView[]>
    createBucket(q: In<typeof input.createBucketInput>): Promise<BucketView>
  }
  rules: {
    list(): readonly RuleView[]
    get(q: In<typeof input.byId>): RuleView
    create(rule: Rule): Promise<RuleView>
    update(rule: Rule): Promise<RuleView>
    /** Stops replication and forgets its queue; objects on both sides stay as they are. */
    remove(q: In<typeof input.byId>): Promise<void>
    pause(q: In<typeof input.byId>): Promise<RuleView>
    resume(q: In<typeof input.byId>): Promise<RuleView>
    /** What is worth saying of a rule before it is made; refuses nothing. */
    check(rule: Rule): readonly RuleCaution[]
    /** What each target keeps of an object under this rule, target by target: of a draft as well as of a rule that runs. */
    fidelity(rule: Rule): Promise<readonly LinkFidelity[]>
    /** The keys that want a look, link by link; empty when there are none. */
    keys(q: In<typeof input.byId>): readonly LinkKeys[]
    /** What becomes of keys that others wrote at the target of a stopped rule: covered, or left out of the rule. */
    answer(q: In<typeof input.answerInput>): Promise<RuleView>
    /** Looks again at what is held, now: a job whose result says what goes on and what is held still. */
    lookAgain(q: In<typeof input.lookAgainInput>): Job
    resync(q: In<typeof input.resyncInput>): Job
  }
  checks: {
    start(q: In<typeof input.checkInput>): CheckRun
    get(q: In<typeof input.byId>): CheckRun
    cancel(q: In<typeof input.byId>): CheckRun
    repair(q: In<typeof input.repairInput>): Promise<CheckRun>
  }
  transfers: { list(): readonly Transfer[] }
  failures: {
    list(q: In<typeof input.failureListInput>): Promise<FailurePage>
    /** NOT_FOUND for a number that no item had, and for one that never failed or settled too long ago to be known. */
    get(q: In<typeof input.failureGetInput>): Promise<FailureDetail>
    /** NOT_FOUND when none of the items named is known, or nothing matches. */
    retry(q: In<typeof input.retryInput>): Promise<Job>
  }
  jobs: {
    list(): readonly Job[]
    cancel(q: In<typeof input.byId>): Job
  }
  compare: {
    /** What each level would ask of the sites now. */
    cost(q: In<typeof input.compareCostInput>): Promise<readonly CompareCost[]>
    start(q: In<typeof input.compareInput>): Promise<Job>
    report(q: In<typeof input.compareReportInput>): CompareReport | null
    reports(): readonly CompareReport[]
  }
  advisor: {
    /** With a rule: its own sites and history, whatever sites are named. Without: what runs between the sites named. */
    compare(q: In<typeof input.advisorInput>): Promise<Advice>
  }
  activity: { list(q: In<typeof input.activityInput>): Promise<readonly Activity[]> }
  settings: {
    get(): Settings
    update(q: In<typeof input.settingsInput>): Promise<Settings>
    /** Tells the new URL this once; the one before is refused from then on. */
    renewWebhookUrl(): Promise<{ readonly url: string }>
  }
  /** Keys of clients (SSE-C) by which rules copy what is under them. */
  sseCKeys: {
    list(): readonly SseCKeyView[]
    /** Adds a key, or enters one of that name again. */
    put(q: In<typeof input.sseCKeyInput>): Promise<SseCKeyView>
    /** CONFLICT while a rule names it, and for one that the configuration declares. */
    remove(q: In<typeof input.bySseCKey>): Promise<void>
  }
  gateway: {
    view(): GatewayView
    /** Takes effect at once: the listener moves; null switches it off. A port that is taken shows in the view's state. */
    update(q: In<typeof input.gatewaySettingsInput>): Promise<GatewayView>
    keys: {
      list(): readonly GatewayKeyView[]
      /** The only time that the secret is told. */
      create(q: In<typeof input.gatewayKeyInput>): Promise<NewGatewayKey>
      /** Takes effect with the next request. Declared keys are revoked in the configuration. */
      revoke(q: In<typeof input.gatewayRevokeInput>): Promise<void>
    }
    /** The last requests, newest first; a bounded number is kept. */
    requests(q: In<typeof input.gatewayRequestsInput>): readonly GatewayRequest[]
  }
  config: {
    /** Without secrets. */
    export(): string
    preview(q: In<typeof input.configTextInput>): ImportPreview
    apply(q: In<typeof input.configTextInput>): Promise<ImportPreview>
  }
  diagnostics: { get(): Diagnostics }
  /** Prometheus text under the names that users of MinIO’s metrics know. */
  metrics: { text(): Promise<string> }
  wait: {
    /** Resolves when nothing is pending (parked tasks do not count), or at the timeout. */
    settled(q: In<typeof input.waitInput>, signal?: AbortSignal): Promise<WaitResult>
  }
  demo: {
    /** null outside `npm run demo`. */
    get(): DemoView | null
    set(q: In<typeof input.demoSwitchInput>): Promise<DemoView>
  }
  live: {
    /** Batches until the signal ends; the first comes at once. */
    watch(signal: AbortSignal): AsyncIterable<LiveBatch>
  }
}

/** How a refusal crosses the API: whole, as data. */
export interface ApiErrorData {
  readonly fault: Fault
}
