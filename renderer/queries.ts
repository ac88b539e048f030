import { keepPreviousData, QueryClient, queryOptions } from '@tanstack/react-query'
import type { AdvisorInput, FailureListInput } from '../shared/api/inputs.ts'
import type { LiveTopic } from '../shared/api/engine-api.ts'
import type { Activity } from '../shared/model/activity.ts'
import type { Overview } from '../shared/model/overview.ts'
import type { Rule } from '../shared/model/rule.ts'
import type { Transfer } from '../shared/model/task.ts'
import type { Client } from './transport.ts'

/** What is asked once and kept fresh by pushes: React Query neither retries nor polls by itself. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        networkMode: 'always',
        retry: false,
        staleTime: Infinity,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  })
}

const pollFeedsMs = 5000
const pollSeriesMs = 2000
const pollRunningCheckMs = 1000
const gatewayRequestsShown = 200

export interface ActivityFilter {
  readonly ruleId: string | null
  readonly level: Activity['level'] | null
}

/** The one list of what the console asks. A key starts with the word by which pushes refresh it. */
export function createQueries(client: Client) {
  return {
    overview: queryOptions({ queryKey: ['overview'], queryFn: (): Promise<Overview> => client.overview.get.query() }),
    transfers: queryOptions({
      queryKey: ['transfers'],
      queryFn: (): Promise<readonly Transfer[]> => client.transfers.list.query(),
    }),
    series: (linkId: string | null, windowMs: number, paused: boolean) =>
      queryOptions({
        queryKey: ['series', linkId, windowMs],
        queryFn: () => client.overview.series.query({ linkId, windowMs }),
        refetchInterval: paused ? false : pollSeriesMs,
        // Nobody announces new points: a chart that comes back would show old ones as if they were of now.
        staleTime: 0,
        placeholderData: keepPreviousData,
      }),
    sites: queryOptions({
      queryKey: ['sites'],
      queryFn: () => client.sites.list.query(),
      refetchInterval: pollFeedsMs,
    }),
    buckets: (siteId: string) =>
      queryOptions({ queryKey: ['buckets', siteId], queryFn: () => client.sites.buckets.query({ siteId }) }),
    rules: queryOptions({
      queryKey: ['rules'],
      queryFn: () => client.rules.list.query(),
      refetchInterval: pollFeedsMs,
    }),
    rule: (id: string) =>
      queryOptions({
        queryKey: ['rules', id],
        queryFn: () => client.rules.get.query({ id }),
        refetchInterval: pollFeedsMs,
      }),
    ruleKeys: (id: string) =>
      queryOptions({
        queryKey: ['rules', id, 'keys'],
        queryFn: () => client.rules.keys.query({ id }),
        refetchInterval: pollFeedsMs,
      }),
    ruleFidelity: (rule: Rule) =>
      queryOptions({
        queryKey: ['rules', 'fidelity', rule],
        queryFn: () => client.rules.fidelity.query(rule),
        refetchInterval: pollFeedsMs,
      }),
    ruleCautions: (rule: Rule) =>
      queryOptions({ queryKey: ['rules', 'cautions', rule], queryFn: () => client.rules.check.query(rule) }),
    check: (id: string) =>
      queryOptions({
        queryKey: ['checks', id],
        queryFn: () => client.checks.get.query({ id }),
        refetchInterval: (query) => (query.state.data?.state === 'running' ? pollRunningCheckMs : false),
      }),
    failures: (input: FailureListInput) =>
      queryOptions({
        queryKey: ['failures', 'list', input],
        queryFn: () => client.failures.list.query(input),
      }),
    failure: (seq: number) =>
      queryOptions({ queryKey: ['failures', 'one', seq], queryFn: () => client.failures.get.query({ seq }) }),
    jobs: queryOptions({ queryKey: ['jobs'], queryFn: () => client.jobs.list.query() }),
    compareCost: (ruleId: string) =>
      queryOptions({
        queryKey: ['reports', 'cost', ruleId],
        queryFn: () => client.compare.cost.query({ ruleId }),
      }),
    report: (jobId: string) =>
      queryOptions({ queryKey: ['reports', jobId], queryFn: () => client.compare.report.query({ jobId }) }),
    reports: queryOptions({ queryKey: ['reports'], queryFn: () => client.compare.reports.query() }),
    activity: (filter: ActivityFilter, before: number | null, limit: number) =>
      queryOptions({
        queryKey: ['activity', filter, before, limit],
        queryFn: () => client.activity.list.query({ ...filter, before, limit }),
        placeholderData: keepPreviousData,
      }),
    advice: (input: AdvisorInput) =>
      queryOptions({
        queryKey: ['advice', input],
        queryFn: () => client.advisor.compare.query(input),
        refetchInterval: pollFeedsMs,
        placeholderData: keepPreviousData,
      }),
    gateway: queryOptions({
      queryKey: ['gateway'],
      queryFn: () => client.gateway.view.query(),
      refetchInterval: pollFeedsMs,
    }),
    gatewayRequests: (failedOnly: boolean) =>
      queryOptions({
        queryKey: ['gateway', 'requests', failedOnly],
        queryFn: () => client.gateway.requests.query({ failedOnly, limit: gatewayRequestsShown }),
        placeholderData: keepPreviousData,
      }),
    settings: queryOptions({ queryKey: ['settings'], queryFn: () => client.settings.get.query() }),
    sseCKeys: queryOptions({ queryKey: ['sseCKeys'], queryFn: () => client.sseCKeys.list.query() }),
    diagnostics: queryOptions({
      queryKey: ['diagnostics'],
      queryFn: () => client.diagnostics.get.query(),
      staleTime: 0,
    }),
    demo: queryOptions({ queryKey: ['demo'], queryFn: () => client.demo.get.query() }),
  }
}
export type Queries = ReturnType<typeof createQueries>

/** Which queries a pushed topic makes stale, by the first word of their keys. */
export const keysOfTopic: Record<LiveTopic, readonly string[]> = {
  // What waits for a site or a rule says so in its row.
  sites: ['sites', 'buckets', 'failures'],
  // Which rules name a key is told with the key.
  rules: ['rules', 'failures', 'sseCKeys'],
  failures: ['failures'],
  activity: ['activity'],
  jobs: ['jobs', 'reports'],
  settings: ['settings', 'sseCKeys'],
  checks: ['checks'],
  demo: ['demo'],
  // A rule's degraded state is the gateway's doing.
  gateway: ['gateway', 'rules'],
}
