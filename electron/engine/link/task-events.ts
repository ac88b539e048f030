import type { LiveTopic } from '../../../shared/api/engine-api.ts'
import { faultKinds, type Fault } from '../../../shared/model/fault.ts'
import type { RateBook } from '../metrics/rates.ts'
import type { Parts } from '../parts.ts'
import type { Lease } from '../queue/port.ts'
import type { DispatcherEvents } from '../worker/dispatcher.ts'

type TaskParts = Pick<Parts, 'links' | 'sites' | 'views' | 'log'>

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

  onSettled({ task }: Lease, { bytes }: { readonly bytes: number }): void {
    const { links, sites } = this.#parts()
    this.#rates.settled(task.linkId, bytes, this.#now())
    const link = links.get(task.linkId)
    if (link !== null) {
      sites.monitor.taskOk(link.source.site)
      sites.monitor.taskOk(link.target.site)
    }
    // Only a task that had failed leaves the failure list.
    if (task.fault !== null) this.#announce('failures')
  }

  /** While its site is known to be down a task goes back untouched: an outage costs no attempts. */
  onFault({ task }: Lease, fault: Fault): 'release' | 'nack' {
    const { sites, views } = this.#parts()
    if (fault.site !== undefined) sites.monitor.taskFault(fault.site, fault)
    const down = fault.site !== undefined && sites.health(fault.site).state === 'offline'
    if (down && (faultKinds[fault.code].ofSite || signIn.has(fault.code))) return 'release'
    this.#rates.failed(task.linkId, this.#now())
    views.faultSeen(task.linkId, fault)
    this.#announce('failures')
    return 'nack'
  }

  onError(error: unknown): void {
    this.#parts().log.error({ err: error }, 'The end of a task could not be recorded.')
  }
}

const signIn: ReadonlySet<string> = new Set(['ACCESS_KEY_UNKNOWN', 'SIGNATURE_REJECTED'])
