import type { BrakeReport } from '../../shared/model/brake.ts'
import {
  ruleSchema,
  type LinkKeys,
  type LinkState,
  type LinkView,
  type Rule,
  type RuleView,
} from '../../shared/model/rule.ts'
import type { Activity } from '../../shared/model/activity.ts'
import type { GatewayRequest, GatewayView } from '../../shared/model/gateway.ts'
import type {
  CompareCost,
  CompareLevel,
  CompareReport,
  Difference,
  NotSeen,
  OnItsWay,
} from '../../shared/model/compare.ts'
import type { Job } from '../../shared/model/job.ts'
import { fault, type FaultCode } from '../../shared/model/fault.ts'
import { grantRemedy } from '../../shared/model/rights.ts'
import type { Rollup } from '../../electron/engine/journal/port/history.ts'
import type { BucketView, Capabilities, SiteHealth, SiteView } from '../../shared/model/site.ts'
import { capabilitiesOf } from '../../shared/model/site-capabilities.ts'
import { completeFacts, type SiteProfile } from '../../shared/model/site-profile.ts'
import type { SeriesPoint } from '../../shared/model/overview.ts'
import { operations, type Failure, type Hold, type Transfer } from '../../shared/model/task.ts'
import type { Settings } from '../../shared/api/engine-api.ts'
import { gatewayOff } from './fake-gateway.ts'
import type { SseCKeyView } from '../../shared/model/sse-c-key.ts'

/** All that a fake engine knows; tests change it in place and then push. */
export interface FakeWorld {
  now: number
  sites: SiteView[]
  buckets: Map<string, BucketView[]>
  rules: RuleView[]
  ruleKeys: Map<string, readonly LinkKeys[]>
  sseCKeys: readonly SseCKeyView[]
  failures: Failure[]
  settled: Failure[]
  transfers: Transfer[]
  activity: Activity[]
  jobs: Job[]
  reports: CompareReport[]
  settings: Settings
  /** What each link carried, minute by minute; without it, a steady stream with one peak. */
  minutes?: (linkId: string) => readonly Rollup[]
  demo: { targetBroken: boolean; targetSite: string } | null
  /** null draws waves. */
  series: SeriesPoint[] | null
  gateway: GatewayView
  gatewayRequests: GatewayRequest[]
}

const minute = 60_000
const hour = 60 * minute
const mebibyte = 1_048_576

export function emptyWorld(now: number): FakeWorld {
  return {
    now,
    sites: [],
    buckets: new Map(),
    rules: [],
    ruleKeys: new Map(),
    sseCKeys: [],
    failures: [],
    settled: [],
    transfers: [],
    activity: [],
    jobs: [],
    reports: [],
    settings: {
      workers: { limit: 100, large: 10, threads: null },
      dataDir: '/home/operator/.local/share/lockstep',
      secretsIn: 'keychain',
      webhook: { address: 'http://192.0.2.10:7400' },
      version: '0.1.0',
      runtime: 'Node 24.21.0, Linux x64',
    },
    demo: null,
    series: null,
    gateway: gatewayOff(now),
    gatewayRequests: [],
  }
}

/** Five sites, 20 links in every state there is, 5,000 failures and everything else a busy console shows. */
export function fullWorld(now: number): FakeWorld {
  const world = emptyWorld(now)
  world.sites = siteSeeds.map((seed, index) => siteFrom(seed, index, now))
  for (const site of world.sites) {
    world.buckets.set(
      site.id,
      bucketNames.map((name, index) => ({
        name,
        versioning: index === 3 ? 'Off' : 'Enabled',
        objectLock: index === 1,
      })),
    )
  }
  world.rules = Array.from({ length: 19 }, (_, index) => ruleFrom(index, now))
  world.failures = Array.from({ length: 5000 }, (_, index) => failureFrom(index, world, now))
  world.transfers = Array.from({ length: 60 }, (_, index) => transferFrom(index, world, now))
  world.activity = Array.from({ length: 250 }, (_, index) => activityFrom(250 - index, now))
  world.jobs = jobsAt(now)
  world.reports = [reportAt(now, 'compare-2', 37), reportAt(now - 26 * hour, 'compare-1', 0)]
  return world
}

/** The first rule's source keeps no versions any more, and the key lost a right at its target. */
export function driftBuckets(world: FakeWorld): void {
  const [rule, ...others] = world.rules
  const [link, ...more] = rule!.links
  const since = world.now - 26 * minute
  const drift: LinkView['drift'] = [
    {
      what: 'unversioned',
      at: link!.source,
      since,
      reason: `Versioning is not enabled on ${link!.source.site}/${link!.source.bucket} any more: what is overwritten there leaves no older version, and it is copied as it comes.`,
      remedy: 'Enable versioning on the bucket; this goes away within a minute then.',
    },
    {
      what: 'rights-lost',
      at: link!.target,
      since: since + minute,
      reason: `The key could do more on ${link!.target.site}/${link!.target.bucket} than it may now: s3:GetBucketVersioning is refused there.`,
      remedy: `Grant s3:GetBucketVersioning on the bucket ${link!.target.bucket} to the access key that is used at ${link!.target.site}; this goes away within a minute then.`,
    },
  ]
  world.rules = [{ ...rule!, links: [{ ...link!, drift }, ...more] }, ...others]
}

interface SiteSeed {
  readonly id: string
  readonly name: string
  readonly endpoint: string
  readonly vendor: Capabilities['vendor']
  readonly rttMs: number
}

const siteSeeds: readonly SiteSeed[] = [
  { id: 'berlin', name: 'Berlin', endpoint: 'https://s3.berlin.example.org:9000', vendor: 'minio', rttMs: 2.4 },
  { id: 'oslo', name: 'Oslo', endpoint: 'https://s3.oslo.example.org:9000', vendor: 'rustfs', rttMs: 31 },
  { id: 'lyon', name: 'Lyon (archive)', endpoint: 'https://rgw.lyon.example.org', vendor: 'ceph', rttMs: 18 },
  {
    id: 'aws-frankfurt',
    name: 'AWS Frankfurt',
    endpoint: 'https://s3.eu-central-1.amazonaws.com',
    vendor: 'aws',
    rttMs: 12,
  },
  { id: 'lab', name: 'Lab', endpoint: 'http://10.0.3.17:9000', vendor: 'other', rttMs: 0.6 },
]
const bucketNames = ['photos', 'ledger', 'backups-daily', 'builds', 'web-assets', 'telemetry-raw']

function siteFrom(seed: SiteSeed, index: number, now: number): SiteView {
  const offline = seed.id === 'lyon'
  return {
    id: seed.id,
    name: seed.name,
    endpoint: seed.endpoint,
    region: seed.vendor === 'aws' ? 'eu-central-1' : 'us-east-1',
    pathStyle: seed.vendor !== 'aws',
    tls: { insecureSkipVerify: false, ...(index === 1 ? { caFile: '/etc/ssl/oslo-ca.pem' } : {}) },
    paused: seed.id === 'lab',
    credentialsFrom: 'keychain',
    accessKeyHint: 'AKIA…7Q',
    health: offline ? offlineHealth(now) : onlineHealth(seed, index, now),
    ...known(seed.vendor === 'other' ? null : profileOf(seed.vendor, now)),
    signsFor: null,
    usedByRules: index < 4 ? ['photos-to-oslo', 'ledger-to-oslo'] : [],
  }
}

const known = (profile: SiteProfile | null): Pick<SiteView, 'profile' | 'capabilities'> => ({
  profile,
  capabilities: profile && capabilitiesOf(profile),
})

/** RustFS was asked who it is and what it does with version ids, and nothing else. */
export function profileOf(vendor: Capabilities['vendor'], now: number): SiteProfile {
  const asOf = now - 3 * hour
  const tried = { why: null, how: 'tried', bucket: 'photos', asOf } as const
  const adopts = vendor === 'minio' || vendor === 'rustfs'
  const first = completeFacts({
    'version-ids': { ...tried, value: adopts ? 'adopts-minio' : vendor === 'ceph' ? 'adopts-ceph' : 'mints' },
    'version-order': { ...tried, value: vendor === 'minio' ? 'by-time' : 'by-arrival' },
    events: {
      ...tried,
      value: adopts ? 'listen' : vendor === 'ceph' ? 'topic' : 'none',
      how: 'by-name',
      bucket: null,
    },
  })
  const most = completeFacts({
    ...first,
    versioning: { ...tried, value: 'on', how: 'asked' },
    'object-lock': { ...tried, value: 'off', how: 'asked' },
    'listing-pages': { ...tried, value: 'in-order' },
    'listing-markers': { ...tried, value: 'in-order' },
    'nested-keys': { ...tried, value: vendor === 'minio' ? 'unlisted' : 'kept' },
    'double-slash': { ...tried, value: 'refused' },
    'trailing-space': { ...tried, value: 'kept' },
    'unicode-forms': { ...tried, value: 'kept' },
    tags: {
      ...tried,
      value: null,
      why: 'The key may not do what it takes to see this. Grant the missing right s3:PutObjectTagging on the bucket photos.',
    },
    'empty-metadata': { ...tried, value: 'kept' },
    checksums: { ...tried, value: 'kept' },
    'conditional-writes': { ...tried, value: 'honoured' },
    'part-sizes': { ...tried, value: 'told' },
  })
  const probe = { bucket: 'photos', at: asOf, requests: 71, elapsedMs: 1840, left: null }
  const isProbed = vendor !== 'rustfs'
  return {
    vendor,
    server: vendor === 'ceph' ? 'Ceph Object Gateway (squid)' : null,
    knownAt: asOf,
    facts: isProbed ? most : first,
    probe: isProbed ? probe : null,
  }
}

function onlineHealth({ rttMs }: SiteSeed, index: number, now: number): SiteHealth {
  return {
    state: 'online',
    asOf: now - 2000,
    rttMs: { current: rttMs, average: rttMs * 1.08, median: rttMs, max: rttMs * 3.2 },
    jitterMs: rttMs / 9,
    probeLoss: index === 3 ? 0.017 : 0,
    probes: {
      recent: 60,
      counted: 17_280,
      failed: index === 3 ? 290 : 0,
      sinceAt: now - 24 * hour,
      lastAt: now - 2000,
    },
    clockSkewMs: index === 3 ? 4000 : 0,
    downSince: null,
    totalDownMs: index * 190_000,
    readBytesPerSecond: index === 0 ? 88.4 * mebibyte : 0,
    writeBytesPerSecond: index === 0 ? 0 : 29.3 * mebibyte,
    lastFault: null,
  }
}

function offlineHealth(now: number): SiteHealth {
  return {
    ...onlineHealth(siteSeeds[2]!, 2, now),
    state: 'offline',
    probeLoss: 1,
    downSince: now - 47 * minute,
    totalDownMs: 47 * minute,
    writeBytesPerSecond: 0,
    lastFault: fault('CONNECT_TIMEOUT', 'Connecting to rgw.lyon.example.org:443 took longer than 5 s.', {
      site: 'lyon',
    }),
  }
}

const states: readonly LinkState[] = [
  { kind: 'in-step' },
  { kind: 'copying' },
  {
    kind: 'failing',
    reason: '412 objects are refused: the access key may not write there.',
    remedy: 'Grant s3:PutObject on the bucket to this key, then retry.',
  },
  {
    kind: 'held',
    by: { what: 'offline', code: 'CONNECT_TIMEOUT', siteId: 'lyon', siteName: 'Lyon (archive)', elsewhere: null },
    reason: 'Lyon (archive) is offline. The site did not accept the connection in time.',
    remedy: 'Its changes queue and drain when it returns.',
  },
  { kind: 'first-copy' },
  { kind: 'in-step' },
  { kind: 'paused', by: 'operator', reason: 'Paused by the operator.', remedy: 'Resume it on the rule’s page.' },
  { kind: 'in-step' },
  {
    kind: 'paused',
    by: 'brake',
    reason: '4,211 deletes in 3 min, 93 % of all changes.',
    remedy: 'Look at what was deleted, then release the brake.',
  },
  { kind: 'disabled' },
]

function ruleFrom(index: number, now: number): RuleView {
  const bucket = bucketNames[index % bucketNames.length]!
  const target = index % 10 === 3 ? 'lyon' : index % 4 === 1 ? 'aws-frankfurt' : 'oslo'
  const number = Math.floor(index / bucketNames.length)
  const id = `${bucket}-to-${target}${number === 0 ? '' : `-${number + 1}`}`
  const state = states[index % states.length]!
  const rule = ruleSchema.parse({
    id,
    enabled: state.kind !== 'disabled',
    source: { site: 'berlin', bucket },
    targets: [{ site: target, bucket }, ...(index === 0 ? [{ site: 'lyon', bucket: 'photos-archive' }] : [])],
    filter: index % 3 === 1 ? { prefix: '2026/', exclude: ['**/*.tmp'], tags: { keep: 'yes' } } : undefined,
    bandwidth: index % 5 === 2 ? { bytesPerSecond: 20 * mebibyte } : undefined,
  })
  return viewOf(rule, state, index, now)
}

const burst = (now: number): BrakeReport => ({
  kind: 'deletes',
  keys: [
    '2026/03/week 09.tar',
    '2026/03/week 10.tar',
    '2026/03/a name that is long enough to be broken over lines, and then some more of it.tar',
  ],
  lastCleanAt: now - 20 * minute,
})

/** A rule as the engine would show it, in the state given. */
export function viewOf(rule: Rule, state: LinkState, index: number, now: number): RuleView {
  return {
    ...rule,
    paused:
      state.kind === 'paused' && state.by !== 'site'
        ? {
            by: state.by,
            reason: state.reason,
            at: now - 14 * minute,
            ...(state.by === 'brake' && { brake: burst(now) }),
          }
        : null,
    links: rule.targets.map((_, place) => linkFrom(rule, place, place === 0 ? state : states[3]!, index, now)),
    feeds: [
      {
        kind: 'listen',
        state: index % 7 === 4 ? 'fault' : 'live',
        lastEventAt: now - 4000,
        fault: index % 7 === 4 ? fault('CONNECTION_LOST', 'The event stream of berlin ended after 3 s.') : null,
        scan: null,
        lastScan: null,
      },
      {
        kind: 'scan',
        state: state.kind === 'first-copy' ? 'scanning' : 'idle',
        lastEventAt: null,
        fault: null,
        scan: state.kind === 'first-copy' ? { startedAt: now - minute, keys: 51_200 } : null,
        lastScan: { startedAt: now - 9 * minute, endedAt: now - 3 * minute, keys: 184_302, differences: index % 4 },
      },
    ],
    degraded: null,
    cautions: [],
    noticedBy:
      'Changes are noticed within a second by the event stream of berlin; a scan every 5 min is the safety net.',
  }
}

function linkFrom(rule: Rule, place: number, state: LinkState, index: number, now: number): LinkView {
  const target = rule.targets[place]!
  const still = ['in-step', 'disabled'].includes(state.kind)
  const moving = ['copying', 'first-copy', 'failing'].includes(state.kind)
  const backlogCount = still ? 0 : 137 * (index + 3)
  return {
    ruleId: rule.id,
    target,
    linkId: `${rule.id}/${target.site}/${target.bucket}`,
    source: rule.source,
    state,
    stateSince: now - 14 * minute,
    unknown: null,
    lookedAt: now - minute,
    events: { kind: 'told' },
    asOf: now,
    backlogCount,
    backlogBytes: backlogCount * 3_400_000,
    oldestPendingAt: still ? null : now - (index + 1) * 67_000,
    inFlight: moving ? 6 : 0,
    failing: state.kind === 'failing' ? 388 : 0,
    parked: state.kind === 'failing' ? 412 : 0,
    objectsPerSecond: moving ? 48.2 + index : 0,
    bytesPerSecond: moving ? (12.6 + index) * mebibyte : 0,
    settledCount: 1_204_331,
    settledBytes: 4.2e12,
    failuresLastHour: state.kind === 'failing' ? 96 : 0,
    notConverging: 0,
    drainSeconds: moving ? 340 + index * 60 : null,
    bucketsAskedAt: now - 21_000,
    bucketsUntold: index === 2 ? [`s3:GetBucketVersioning on ${target.site}/${target.bucket}`] : [],
    drift: [],
    attributes: {
      perSecond: 5,
      eventsTell: false,
      state: 'looking',
      fault: null,
      round: { startedAt: now - 3_600_000, versions: 17_400, differences: 2 },
      last: { startedAt: now - 200_000_000, endedAt: now - 10_800_000, versions: 864_000, differences: 12 },
      unseen: 0,
      unseenFault: null,
      roundMs: 172_800_000,
    },
  }
}

const causes: readonly (readonly [FaultCode, string])[] = [
  [
    'ACCESS_DENIED',
    'PutObject photos/object: answered 403 AccessDenied: User is not authorized to perform this action.',
  ],
  ['CONNECT_TIMEOUT', 'Connecting to rgw.lyon.example.org:443 took longer than 5 s.'],
  ['OBJECT_LOCKED', 'DeleteObjectVersion: the version is under retention until 2027-01-31.'],
  ['METADATA_OVER_LIMIT', 'The user metadata is 2,911 bytes; 2,048 are allowed.'],
  ['SERVER_ERROR', 'PutObject answered 500 InternalError: “We encountered an internal error, please try again.”'],
]
const folders = ['2026/11/raw', 'customers/acme/invoices', 'exports', 'very/deep/folder/structure/that/goes/on/and/on']

function failureFrom(index: number, world: FakeWorld, now: number): Failure {
  const rule = world.rules[index % world.rules.length]!
  const link = rule.links[0]!
  const [code, message] = causes[index % causes.length]!
  const remedy =
    code === 'ACCESS_DENIED'
      ? { remedy: grantRemedy({ operation: 'PutObject', bucket: link.target.bucket, siteId: link.target.site }) }
      : {}
  const value = fault(code, message, { site: link.target.site, ...remedy })
  const parked = value.retry === 'never'
  const waits = parked ? null : holdIn(world, rule, link)
  return {
    seq: 10_000 + index,
    ruleId: rule.id,
    linkId: link.linkId,
    source: rule.source,
    target: link.target,
    key: `${folders[index % folders.length]}/object-${String(index).padStart(6, '0')} – Übersicht.parquet`,
    versionId: index % 4 === 0 ? null : `3f2a9c1e-${String(index).padStart(4, '0')}-4b7d-9e21-0c4d5a6b7c8d`,
    operation: operations[index % operations.length]!,
    sizeBytes: index % 9 === 0 ? null : 14_000 * (index + 1),
    state: parked ? 'parked' : 'delayed',
    fault: value,
    attempts: parked ? 1 + (index % 3) : 2 + (index % 11),
    firstFailedAt: now - hour - index * 700,
    lastAttemptAt: now - 20_000 - index * 350,
    nextAttemptAt: parked || waits !== null ? null : now + 12_000 + (index % 240) * 1000,
    waits,
  }
}

function holdIn(world: FakeWorld, rule: RuleView, { target }: LinkView): Hold | null {
  if (rule.paused !== null) return { until: `rule ${rule.id} is resumed`, because: 'paused', sinceAt: rule.paused.at }
  const site = world.sites.find(({ id }) => id === target.site)
  if (site?.paused === true) return { until: `${site.name} is resumed`, because: 'paused', sinceAt: null }
  if (site?.health.state !== 'offline') return null
  return { until: `${site.name} answers`, because: 'offline', sinceAt: site.health.downSince }
}

function transferFrom(index: number, world: FakeWorld, now: number): Transfer {
  const rule = world.rules[(index * 3 + 1) % world.rules.length]!
  const link = rule.links[0]!
  const large = index % 5 === 0
  const sizeBytes = large ? (index + 2) * 310 * mebibyte : (index + 1) * 92_000
  return {
    seq: 20_000 + index,
    ruleId: rule.id,
    linkId: link.linkId,
    source: rule.source,
    target: link.target,
    key: `${folders[index % folders.length]}/segment-${String(index).padStart(5, '0')}.bin`,
    versionId: null,
    operation: 'put',
    lane: large ? 'large' : index % 7 === 3 ? 'mrf' : 'small',
    startedAt: now - (index + 1) * 900,
    sizeBytes: index % 13 === 7 ? null : sizeBytes,
    doneBytes: Math.round(sizeBytes * ((index * 37) % 100) * 0.01),
    bytesPerSecond: large ? 24 * mebibyte : 900_000,
    parts: large ? { done: (index * 3) % 40, total: 40 } : null,
    attempt: index % 7 === 3 ? 3 : 1,
  }
}

const happenings: readonly (readonly [Activity['level'], string])[] = [
  ['info', 'The scan of photos-to-oslo ended: 184,302 keys, no difference.'],
  ['warning', 'Oslo asked to slow down; the workers were lowered from 100 to 64.'],
  ['error', 'Lyon is offline: connecting took longer than 5 s.'],
  ['info', 'ledger-to-oslo was resumed by the operator.'],
  ['info', 'Retried 14 items of photos-to-oslo: 14 arrived.'],
]

function activityFrom(id: number, now: number): Activity {
  const [level, text] = happenings[id % happenings.length]!
  return {
    id,
    at: now - (250 - id) * 97_000,
    level,
    subject: 'rule',
    ruleId: level === 'error' ? null : id % 5 === 3 ? 'ledger-to-aws-frankfurt' : 'photos-to-oslo',
    siteId: level === 'error' ? 'lyon' : null,
    text,
    fault:
      level === 'error'
        ? fault('CONNECT_TIMEOUT', 'Connecting to rgw.lyon.example.org:443 took longer than 5 s.')
        : null,
  }
}

function jobsAt(now: number): Job[] {
  const base = { ruleId: 'photos-to-oslo', fault: null, endedAt: null, result: null }
  return [
    {
      ...base,
      id: 'resync-1',
      kind: 'resync',
      title: 'Resync photos-to-oslo under 2026/',
      state: 'running',
      startedAt: now - 90_000,
      done: 48_211,
      total: 184_302,
    },
    {
      ...base,
      id: 'compare-2',
      kind: 'compare',
      title: 'Compare photos-to-oslo',
      state: 'done',
      startedAt: now - 2 * hour,
      endedAt: now - hour,
      done: 184_302,
      total: 184_302,
      result: '37 differences in 184,302 keys',
    },
  ]
}

const none = { count: 0, items: [] }

export const costAt = (now: number, level: CompareLevel): CompareCost => ({
  level,
  requests: level === 'listing' ? 424 : 1_267_000,
  readBytes: level === 'bytes' ? 4_200_000_000_000 : 0,
  durationMs: level === 'listing' ? 5000 : level === 'attributes' ? 950_000 : null,
  basis: 'Reckoned from 211,090 versions at the source’s last scan.',
  countedAt: now - 240_000,
})

const waiting = (now: number): OnItsWay => ({
  linkId: 'photos-to-oslo/oslo/photos',
  kind: 'missing-at-target',
  key: '2026/11/raw/object-new.parquet',
  versionId: '3f2a9c1e-new',
  detail: '1,204,331 bytes',
  since: now - hour,
  why: 'It waits in the queue.',
})

const unseen: NotSeen = {
  linkId: 'photos-to-oslo/oslo/photos',
  key: '2026/11/raw/object-shut.parquet',
  versionId: '3f2a9c1e-shut',
  fault: fault('ACCESS_DENIED', 'HeadObject photos/2026/11/raw/object-shut.parquet: answered 403.', { site: 'oslo' }),
}

function reportAt(now: number, jobId: string, differenceCount: number): CompareReport {
  const kinds = ['missing-at-target', 'content', 'tags', 'extra-at-target'] as const
  const differences = Array.from({ length: differenceCount }, (_, index): Difference => {
    const kind = kinds[index % kinds.length]!
    return {
      linkId: 'photos-to-oslo/oslo/photos',
      kind,
      key: `2026/11/raw/object-${String(index).padStart(6, '0')}.parquet`,
      versionId: kind === 'missing-at-target' ? `3f2a9c1e-${index}` : null,
      detail:
        kind === 'tags'
          ? 'keep=yes at the source, no tag at the target'
          : '1,204,331 bytes at the source, none at the target',
    }
  })
  return {
    jobId,
    ruleId: 'photos-to-oslo',
    links: [
      {
        ruleId: 'photos-to-oslo',
        linkId: 'photos-to-oslo/oslo/photos',
        target: { site: 'oslo', bucket: 'photos' },
      },
    ],
    prefix: '',
    level: 'attributes',
    verdict: differenceCount === 0 ? 'equal' : 'different',
    statement:
      differenceCount === 0
        ? 'Equal in what is listed by attributes (all that a listing shows, and headers, metadata, tags, retention, holds, encryption, checksums, and access lists where the rule carries them): 184,302 keys, 211,090 versions. Bytes were not looked at, nor access lists that the rule leaves at the source. Besides: keys that lie below another object’s key (c/1 where c is an object) are in no listing of berlin/photos, so none of them was seen there.'
        : `Different: ${differenceCount} differences in 184,302 keys, 211,090 versions, the first by listing. Besides: 1 more on its way; 1 more could not be seen; 1,204 exceptions on purpose, listed by kind.`,
    cost: costAt(now, 'attributes'),
    differsBy: differenceCount === 0 ? null : 'listing',
    onItsWay:
      differenceCount === 0
        ? { ...none, oldestSince: null }
        : { count: 1, oldestSince: now - hour, items: [waiting(now)] },
    exceptions:
      differenceCount === 0
        ? []
        : [{ kind: 'markers-not-carried', count: 1204, examples: [{ key: '2026/10/old.csv', versionId: 'm1' }] }],
    notSeen: differenceCount === 0 ? none : { count: 1, items: [unseen] },
    bytesRead: null,
    judgedOnce: 0,
    unchecked: [],
    nestedUnseen: differenceCount === 0 ? [{ site: 'berlin', bucket: 'photos', isKnown: true }] : [],
    startedAt: now - 2 * hour,
    endedAt: now - hour,
    keys: 184_302,
    versions: 211_090,
    differenceCount,
    differences,
    fault: null,
  }
}
