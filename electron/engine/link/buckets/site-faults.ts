import { faultKinds, type Fault, type FaultCode } from '../../../../shared/model/fault.ts'
import type { Lease } from '../../queue/port.ts'
import { isRefusal } from '../../site/breaker.ts'
import type { Sites } from '../../site/registry.ts'
import type { BucketWatch } from './bucket-watch.ts'
import type { IdentityProbes } from '../identity.ts'
import type { Links } from '../links.ts'

export interface SiteFaultsParts {
  readonly links: Pick<Links, 'get' | 'refresh'>
  readonly sites: Pick<Sites, 'monitor' | 'isOffline'>
  readonly identities: Pick<IdentityProbes, 'doubt'>
  readonly buckets: Pick<BucketWatch, 'lookSoon'>
  readonly onChange: () => void
}

/** Tells faults of a site or a bucket, which every task of the link would meet, from those of one task. */
export class SiteFaults {
  readonly #parts: SiteFaultsParts

  constructor(parts: SiteFaultsParts) {
    this.#parts = parts
  }

  /** To be asked once per fault: the site's breaker counts it. True: no attempt of the task is to be counted. */
  excuses({ task }: Lease, fault: Fault): boolean {
    if (fault.site !== undefined) this.#parts.sites.monitor.taskFault(fault.site, fault)
    return this.#siteIsDown(fault) || this.#bucketInDoubt(task.linkId, fault)
  }

  #siteIsDown(fault: Fault): boolean {
    if (fault.site === undefined || !this.#parts.sites.isOffline(fault.site)) return false
    return faultKinds[fault.code].ofSite || isRefusal(fault)
  }

  /**
   * The target bucket is gone, or keeps no versions any more: every task would meet the same. The link waits until the
   * bucket passes its probe again.
   */
  #bucketInDoubt(linkId: string, fault: Fault): boolean {
    const { links, identities, buckets, onChange } = this.#parts
    const link = links.get(linkId)
    if (link === null || !bucketFaults.has(fault.code) || fault.site !== link.target.site) return false
    // Between two buckets of one site the fault does not say which of them it met.
    if (link.source.site === link.target.site) return false
    identities.doubt(link.target)
    buckets.lookSoon(link.target.site)
    links.refresh()
    onChange()
    return true
  }
}

const bucketFaults: ReadonlySet<FaultCode> = new Set(['BUCKET_MISSING', 'BUCKET_UNVERSIONED'])
