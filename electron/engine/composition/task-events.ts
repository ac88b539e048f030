import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import { faultKinds, type Fault, type FaultCode } from '../../../shared/model/fault.ts'
import type { RateBook } from '../metrics/rates.ts'
import type { EngineParts } from './parts.ts'
import type { Lease } from '../queue/port.ts'
import type { TaskEnd } from '../queue/task-ends.ts'
import { isRefusal } from '../site/breaker.ts'
import type { DispatcherEvents } from '../worker/dispatcher.ts'
import type { SettledOutcome } from '../replicate/port.ts'

type TaskParts = Pick<
  EngineParts,
  | 'links'
  | 'brakes'
  | 'sites'
  | 'convergence'
  | 'identities'
  | 'buckets'
  | 'views'
  | 'log'
  | 'taskEnds'
  | 'gateway'
  | 'firstCopies'
>

/** What the rest of the engine learns from tasks as they end: rates, site health, the link’s last fault. */
export class TaskEvents implements DispatcherEvents {
  readonly #parts: () => TaskParts
  readonly #rates: RateBook
  readonly #now: () => number
  readonly #announce: (topic: LiveTopic) => void

  constructor(parts: () => TaskParts, rates: RateBook, now: () => number, announce: (topic: LiveTopic) => void) {
    this.#parts = parts
    this.#rates = rates
    this.#now = now
    this.#announce = announce
  }

  moved(linkId: string, readBytes: number, writtenBytes: number): void {
    const link = this.#parts().links.get(linkId)
    if (link === null) return
    const { monitor } = this.#parts().sites
    this.#rates.moved(linkId, writtenBytes, this.#now())
    monitor.moved(link.source.site, readBytes, 0)
    monitor.moved(link.target.site, 0, writtenBytes)
  }

  onSettled(lease: Lease, outcome: SettledOutcome): void {
    const { task } = lease
    const { links, sites, brakes, convergence } = this.#parts()
    this.#rates.settled(task.linkId, this.#now())
    const link = links.get(task.linkId)
    if (link !== null) {
      sites.monitor.taskOk(link.source.site)
      sites.monitor.taskOk(link.target.site)
      if (writes.has(outcome.did)) convergence.wrote(link, task.key)
      const skewMs = sites.health(link.source.site).clockSkewMs ?? 0
      brakes.ended(link.rule, lease, outcome, skewMs).catch((error: unknown) => this.onError(error))
    }
  }

  /** The journal does not know of leases; all else of the failure list is told by it, when it can be read. */
  onLease({ task }: Lease): void {
    if (task.fault !== null) this.#announce('failures')
  }

  onEnded({ task }: Lease, end: TaskEnd): void {
    const { taskEnds, gateway, links, firstCopies } = this.#parts()
    taskEnds.tell(task.seq, end)
    firstCopies.taskEnded(task.linkId, task.seq)
    const link = links.get(task.linkId)
    if (link !== null) gateway.taskEnded(link.ruleId)
  }

  /** While its site is known to be down, or its target bucket in doubt, a task goes back untouched: that costs no attempts. */
  onFault({ task }: Lease, fault: Fault): 'release' | 'nack' {
    const { sites, views } = this.#parts()
    if (fault.site !== undefined) sites.monitor.taskFault(fault.site, fault)
    if (this.#siteIsDown(fault) || this.#bucketInDoubt(task.linkId, fault)) return 'release'
    this.#rates.failed(task.linkId, this.#now())
    views.faultSeen(task.linkId, fault)
    return 'nack'
  }

  #siteIsDown(fault: Fault): boolean {
    const { sites } = this.#parts()
    if (fault.site === undefined || !sites.isOffline(fault.site)) return false
    return faultKinds[fault.code].ofSite || isRefusal(fault)
  }

  /**
   * The target bucket is gone, or keeps no versions any more: every task would meet the same. The link waits until the
   * bucket passes its probe again.
   */
  #bucketInDoubt(linkId: string, fault: Fault): boolean {
    const { links, identities, buckets } = this.#parts()
    const link = links.get(linkId)
    if (link === null || !bucketFaults.has(fault.code) || fault.site !== link.target.site) return false
    // Between two buckets of one site the fault does not say which of them it met.
    if (link.source.site === link.target.site) return false
    identities.doubt(link.target)
    buckets.lookSoon(link.target.site)
    links.refresh()
    this.#announce('rules')
    return true
  }

  onError(error: unknown): void {
    this.#parts().log.error({ err: error }, 'The end of a task could not be recorded.')
  }
}

const writes: ReadonlySet<SettledOutcome['did']> = new Set(['copied', 'marker', 'metadata', 'purged'])

const bucketFaults: ReadonlySet<FaultCode> = new Set(['BUCKET_MISSING', 'BUCKET_UNVERSIONED'])
