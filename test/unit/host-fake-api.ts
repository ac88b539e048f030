import type { EngineApi, LiveBatch } from '../../shared/api/engine-api.ts'
import type { CompareCost, CompareReport } from '../../shared/model/compare.ts'
import type { Job } from '../../shared/model/job.ts'
import type { Overview } from '../../shared/model/overview.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'

/** An engine that knows just enough to see what a host passes on; what a test does not give throws. */
export function hostApi(parts: { readonly [K in keyof EngineApi]?: Partial<EngineApi[K]> }): EngineApi {
  const group = (name: string) =>
    new Proxy(parts[name as keyof EngineApi] ?? {}, {
      get: (given, key) => Reflect.get(given, key) ?? (() => notGiven(`${name}.${String(key)}`)),
    })
  return new Proxy({}, { get: (_, name) => group(String(name)) }) as EngineApi
}

function notGiven(what: string): never {
  throw new FaultError(fault('NOT_SUPPORTED', `${what} is not part of this test.`))
}

export const emptyOverview: Overview = {
  asOf: 1000,
  startedAt: 0,
  links: [],
  held: [],
  workers: { busy: 0, limit: 100 },
  totals: {
    backlogCount: 3,
    backlogBytes: 4096,
    oldestPendingAt: 0,
    failing: 1,
    parked: 2,
    objectsPerSecond: 0,
    bytesPerSecond: 0,
  },
  eventLoopDelayP99Ms: 1,
}

export const batch = (seq: number): LiveBatch => ({ seq, at: 1000, topics: [], overview: emptyOverview, transfers: [] })

export const job = (state: Job['state']): Job => ({
  id: 'j1',
  kind: 'compare',
  title: 'Compare',
  ruleId: 'r',
  state,
  startedAt: 0,
  endedAt: null,
  done: 0,
  total: null,
  result: null,
  fault: null,
})

export const cost: CompareCost = {
  level: 'listing',
  requests: 2,
  readBytes: 0,
  durationMs: 40,
  basis: 'Reckoned from 3 versions.',
  countedAt: 0,
}

export const report = (
  verdict: CompareReport['verdict'],
  differsBy: CompareReport['differsBy'] = verdict === 'different' ? 'listing' : null,
): CompareReport => ({
  jobId: 'j1',
  ruleId: 'r',
  links: [{ ruleId: 'r', linkId: 'r/b/data', target: { site: 'b', bucket: 'data' } }],
  prefix: '',
  level: 'listing',
  verdict,
  statement: `${verdict}.`,
  cost,
  differsBy,
  onItsWay: { count: 0, items: [], oldestSince: null },
  exceptions: [],
  notSeen: { count: 0, items: [] },
  bytesRead: null,
  judgedOnce: 0,
  unchecked: [],
  nestedUnseen: [],
  startedAt: 0,
  endedAt: 1,
  keys: 2,
  versions: 3,
  differenceCount: verdict === 'different' ? 1 : 0,
  differences:
    verdict === 'different'
      ? [
          {
            linkId: 'r/b/data',
            kind: 'missing-at-target',
            key: 'a\u001b[2Jb',
            versionId: 'v1',
            detail: 'only at the source',
          },
        ]
      : [],
  fault: null,
})
