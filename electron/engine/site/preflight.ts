import type { CheckId, CheckRun } from '../../../shared/model/check.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import type { Clock } from '../base/clock.ts'
import { uuid } from './canary.ts'
import type { Side } from './checks/check.ts'
import type { Network } from './network.ts'
import { PreflightRun } from './preflight-run.ts'
import type { Sites } from './registry.ts'

export interface PreflightOptions {
  readonly sites: Pick<Sites, 'get' | 'store' | 'probeTarget'>
  readonly network: Network
  readonly clock: Clock
  /** 0–1. */
  readonly random: () => number
  /** A step of the run began or ended. */
  readonly onChange: (run: CheckRun) => void
}

export interface PreflightInput {
  readonly source: BucketAt
  readonly target: BucketAt
  readonly prefix: string
}

export interface Preflight {
  /** Begins the checks of a pair. Throws NOT_FOUND for a site that is not there. */
  start(input: PreflightInput): CheckRun
  get(runId: string): CheckRun
  /** Stops after the step under way; canaries are removed all the same. */
  cancel(runId: string): CheckRun
  /** Mends one step and runs on from there. CONFLICT where the step has no repair. */
  repair(runId: string, stepId: CheckId): Promise<CheckRun>
  stop(): Promise<void>
}

const keptRuns = 20

/** The wizard’s checks of a pair of buckets. The last runs are kept until the engine stops. */
export function createPreflight(options: PreflightOptions): Preflight {
  const runs = new Map<string, PreflightRun>()
  const find = (runId: string): PreflightRun => {
    const run = runs.get(runId)
    if (run === undefined) throw new FaultError(fault('NOT_FOUND', `There are no checks ${runId}.`))
    return run
  }
  return {
    start(input) {
      const run = new PreflightRun(uuid(options.random), contextOf(options, input), options.onChange)
      runs.set(run.id, run)
      const [oldest] = runs.keys()
      if (runs.size > keptRuns && oldest !== undefined) {
        runs.get(oldest)?.cancel()
        runs.delete(oldest)
      }
      return run.start()
    },
    get: (runId) => find(runId).view(),
    cancel: (runId) => find(runId).cancel(),
    repair: (runId, stepId) => find(runId).repair(stepId),
    async stop() {
      for (const run of runs.values()) run.cancel()
      await Promise.all([...runs.values()].map((run) => run.ended()))
    },
  }
}

function contextOf(options: PreflightOptions, input: PreflightInput): ConstructorParameters<typeof PreflightRun>[1] {
  const { sites, network, clock, random } = options
  const side = (role: Side['role'], { site, bucket }: BucketAt): Side => ({
    role,
    bucket,
    site: sites.get(site),
    store: () => sites.store(site),
  })
  return {
    source: side('source', input.source),
    target: side('target', input.target),
    prefix: input.prefix,
    network,
    ports: { clock, random },
    probe: (target, signal) => sites.probeTarget(target, signal),
  }
}
