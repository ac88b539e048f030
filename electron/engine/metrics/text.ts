import type { HeldCause } from '../../../shared/model/sync-state.ts'

/** One link as the text endpoint tells it; `endpoint` is the target site’s URL. */
export interface LinkMetrics {
  readonly linkId: string
  readonly sourceBucket: string
  readonly targetBucket: string
  readonly endpoint: string
  readonly backlogCount: number
  readonly backlogBytes: number
  /** Age of the oldest pending change; 0 when nothing is pending. */
  readonly oldestPendingSeconds: number
  readonly parked: number
  /** null: tags and locks are not looked at, or no round has ended yet. */
  readonly attributesAgeSeconds: number | null
  /** null before the first time. */
  readonly bucketsAgeSeconds: number | null
  /** How its buckets are not any more what they were, though nothing is held by it. */
  readonly bucketDrifts: number
  readonly notConverging: number
  /** Versions copied without a property, by property. */
  readonly notKept: ReadonlyMap<string, number>
  /** 1 only when nothing is left to say of the link. */
  readonly inStep: boolean
  /** How long the link has been held; 0 while it is not. */
  readonly heldSeconds: number
  /** False while more may wait than `backlogCount` says; for how long. */
  readonly isBacklogKnown: boolean
  readonly unknownSeconds: number
  readonly eventsUnavailable: boolean
  readonly failuresLastHour: number
  readonly sentCount: number
  readonly sentBytes: number
  readonly bytesPerSecond: number
  readonly objectsPerSecond: number
}

export interface SiteMetrics {
  readonly siteId: string
  readonly endpoint: string
  /** null while not known: no sample is written then. */
  readonly online: boolean | null
  /** Length of the outage under way; 0 when there is none. */
  readonly offlineSeconds: number
  readonly downtimeSeconds: number
  readonly rttMs: { readonly current: number; readonly average: number; readonly max: number } | null
  readonly clockSkewSeconds: number | null
}

export interface MetricsValues {
  readonly version: string
  readonly workers: { readonly busy: number; readonly limit: number }
  readonly eventLoopDelayP99Ms: number
  /** Since the start. */
  readonly strayErrors: number
  readonly held: readonly Pick<HeldCause, 'what' | 'code' | 'siteId' | 'linkIds'>[]
  readonly links: readonly LinkMetrics[]
  readonly sites: readonly SiteMetrics[]
}

type Labels = Readonly<Record<string, string>>
type Kind = 'gauge' | 'counter'
type MetricRow = readonly [labels: Labels, value: number]
/** A metric and where its value comes from; null leaves the row out. */
type Spec<T> = readonly [kind: Kind, name: string, help: string, of: (from: T) => number | null]

const engineMetrics: readonly Spec<MetricsValues>[] = [
  ['gauge', 'lockstep_event_loop_delay_p99_ms', 'How late the engine’s timers fire.', (v) => v.eventLoopDelayP99Ms],
  ['counter', 'lockstep_stray_errors', 'Errors of its own that it went on after.', (v) => v.strayErrors],
  ['gauge', 'lockstep_workers_limit', 'Tasks that may run at one time.', (v) => v.workers.limit],
  ['gauge', 'minio_node_replication_current_active_workers', 'Tasks that run.', (v) => v.workers.busy],
]

/** Added up over all links. */
const totalMetrics: readonly Spec<LinkMetrics>[] = [
  ['gauge', 'minio_node_replication_recent_backlog_count', 'Changes that wait.', (l) => l.backlogCount],
  ['gauge', 'minio_node_replication_current_transfer_rate', 'Bytes per second, last 10 s.', (l) => l.bytesPerSecond],
  ['counter', 'minio_cluster_replication_sent_bytes', 'Bytes brought to targets.', (l) => l.sentBytes],
  ['counter', 'minio_cluster_replication_sent_count', 'Changes brought to targets.', (l) => l.sentCount],
  [
    'gauge',
    'minio_cluster_replication_last_hour_failed_count',
    'Failed attempts, last hour.',
    (l) => l.failuresLastHour,
  ],
]

const linkMetrics: readonly Spec<LinkMetrics>[] = [
  ['counter', 'minio_bucket_replication_sent_bytes', 'Bytes brought to the target.', (l) => l.sentBytes],
  ['counter', 'minio_bucket_replication_sent_count', 'Changes brought to the target.', (l) => l.sentCount],
  [
    'gauge',
    'minio_bucket_replication_last_hour_failed_count',
    'Failed attempts, last hour.',
    (l) => l.failuresLastHour,
  ],
  ['gauge', 'lockstep_link_backlog_count', 'Changes that wait.', (l) => l.backlogCount],
  ['gauge', 'lockstep_link_backlog_bytes', 'Bytes that wait.', (l) => l.backlogBytes],
  ['gauge', 'lockstep_link_oldest_pending_seconds', 'Age of the oldest waiting change.', (l) => l.oldestPendingSeconds],
  ['gauge', 'lockstep_link_parked_count', 'Changes set aside until their cause is mended.', (l) => l.parked],
  [
    'gauge',
    'lockstep_link_not_converging_count',
    'Keys written at both sides that do not come together.',
    (l) => l.notConverging,
  ],
  [
    'gauge',
    'lockstep_link_attributes_age_seconds',
    'Since tags and locks of all versions were last looked at; no row before the first round ends.',
    (l) => l.attributesAgeSeconds,
  ],
  [
    'gauge',
    'lockstep_link_buckets_age_seconds',
    'Since the buckets were last asked whether they are what they were.',
    (l) => l.bucketsAgeSeconds,
  ],
  [
    'gauge',
    'lockstep_link_bucket_drifts',
    'How its buckets are not any more what they were, besides what holds the link.',
    (l) => l.bucketDrifts,
  ],
  ['gauge', 'lockstep_link_in_step', '1 while both sides are known to be the same.', (l) => Number(l.inStep)],
  ['gauge', 'lockstep_link_held_seconds', 'How long the link has been held; 0 while it is not.', (l) => l.heldSeconds],
  [
    'gauge',
    'lockstep_link_backlog_known',
    '0 while more may wait than the backlog says: nobody can see.',
    (l) => Number(l.isBacklogKnown),
  ],
  ['gauge', 'lockstep_link_unknown_seconds', 'How long the backlog has not been known.', (l) => l.unknownSeconds],
  [
    'gauge',
    'lockstep_link_events_unavailable',
    '1 while the source should tell of changes and does not.',
    (l) => Number(l.eventsUnavailable),
  ],
  ['gauge', 'lockstep_link_bytes_per_second', 'Bytes per second, last 10 s.', (l) => l.bytesPerSecond],
  ['gauge', 'lockstep_link_objects_per_second', 'Changes per second, last 10 s.', (l) => l.objectsPerSecond],
]

const siteMetrics: readonly Spec<SiteMetrics>[] = [
  [
    'gauge',
    'minio_node_replication_link_online',
    '1 while the site answers.',
    (s) => (s.online === null ? null : Number(s.online)),
  ],
  ['gauge', 'minio_node_replication_link_offline_duration_seconds', 'Outage under way.', (s) => s.offlineSeconds],
  ['gauge', 'minio_node_replication_link_downtime_duration_seconds', 'All outages.', (s) => s.downtimeSeconds],
  ['gauge', 'minio_node_replication_current_link_latency_ms', 'Last round trip.', (s) => s.rttMs?.current ?? null],
  ['gauge', 'minio_node_replication_average_link_latency_ms', 'Mean of 60.', (s) => s.rttMs?.average ?? null],
  ['gauge', 'minio_node_replication_max_link_latency_ms', 'Longest of 60.', (s) => s.rttMs?.max ?? null],
  ['gauge', 'lockstep_site_clock_skew_seconds', 'This machine’s clock minus the site’s.', (s) => s.clockSkewSeconds],
]

/**
 * Prometheus text (exposition format 0.0.4). Where MinIO has a metric for the same thing its name is used, so that
 * dashboards made for MinIO’s replication go on working; the rest is named `lockstep_…`.
 */
export function metricsText(values: MetricsValues): string {
  return [
    family('gauge', 'lockstep_build', 'Always 1; the label tells the version.', [[{ version: values.version }, 1]]),
    ...engineMetrics.map(([kind, name, help, of]) => family(kind, name, help, [[{}, of(values) ?? 0]])),
    ...totalMetrics.map(([kind, name, help, of]) => family(kind, name, help, [[{}, total(values.links, of)]])),
    ...linkMetrics.map(([kind, name, help, of]) => family(kind, name, help, rows(values.links, linkLabels, of))),
    family('gauge', 'lockstep_held_links', 'Links held, one row for each cause.', values.held.map(heldRow)),
    family('counter', 'lockstep_link_not_kept_total', 'Versions copied without a property.', notKeptRows(values.links)),
    ...siteMetrics.map(([kind, name, help, of]) => family(kind, name, help, rows(values.sites, siteLabels, of))),
  ].join('')
}

const heldRow = ({ what, code, siteId, linkIds }: MetricsValues['held'][number]): MetricRow => [
  { by: what, code, site: siteId ?? '' },
  linkIds.length,
]

const linkLabels = (link: LinkMetrics): Labels => ({
  bucket: link.sourceBucket,
  targetArn: `${link.endpoint}/${link.targetBucket}`,
  link: link.linkId,
})
const notKeptRows = (links: readonly LinkMetrics[]): readonly MetricRow[] =>
  links.flatMap((link) =>
    [...link.notKept].map(([property, versions]) => [{ ...linkLabels(link), property }, versions] as const),
  )

const siteLabels = (site: SiteMetrics): Labels => ({ endpoint: site.endpoint, site: site.siteId })

const total = (links: readonly LinkMetrics[], of: (link: LinkMetrics) => number | null): number =>
  links.reduce((sum, link) => sum + (of(link) ?? 0), 0)

function rows<T>(
  subjects: readonly T[],
  labels: (subject: T) => Labels,
  of: (subject: T) => number | null,
): readonly MetricRow[] {
  return subjects.flatMap((subject) => {
    const value = of(subject)
    return value === null ? [] : [[labels(subject), value] as const]
  })
}

function family(kind: Kind, name: string, help: string, rows: readonly MetricRow[]): string {
  if (rows.length === 0) return ''
  const lines = rows.map(([labels, value]) => `${name}${labelText(labels)} ${String(value)}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${lines.join('')}`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
