import { fault, type Fault, type FaultCode } from '../../../../shared/model/fault.ts'
import type { CheckRun } from '../../../../shared/model/check.ts'
import type { BucketAt } from '../../../../shared/model/rule.ts'
import type { Site } from '../../../../shared/model/site.ts'
import type { ObjectStore } from '../../store/port.ts'
import type { TargetIdentity } from '../capabilities.ts'
import type { CanaryPorts } from '../canary.ts'
import type { Network } from '../network.ts'

/** One end of the pair under check. */
export interface Side {
  readonly role: 'source' | 'target'
  readonly site: Site
  readonly bucket: string
  /** Throws when the site’s keys cannot be read. */
  store(): ObjectStore
}

/** All that a check may ask and use. */
export interface CheckContext {
  readonly source: Side
  readonly target: Side
  readonly prefix: string
  readonly network: Network
  readonly ports: CanaryPorts
  readonly signal: AbortSignal
  readonly probeTarget: (target: BucketAt) => Promise<TargetIdentity>
}

/** What mends a finding: the label names exactly what `apply` does. */
export interface Repair {
  readonly label: string
  apply(context: CheckContext): Promise<void>
}

export interface Finding {
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped'
  /** Plain words; every number with its unit. */
  readonly found: string
  readonly fault: Fault | null
  readonly repair: Repair | null
  readonly estimate: CheckRun['estimate']
}

/** Finds one thing out. A fault it throws is a failed check. */
export type Check = (context: CheckContext) => Promise<Finding>

const finding = (state: Finding['state'], found: string, more: Partial<Finding> = {}): Finding => ({
  state,
  found,
  fault: null,
  repair: null,
  estimate: null,
  ...more,
})

export const ok = (found: string, more: Partial<Finding> = {}): Finding => finding('ok', found, more)
export const warning = (found: string, more: Partial<Finding> = {}): Finding => finding('warning', found, more)
export const notNeeded = (found: string): Finding => finding('skipped', found)

/** `found` is the fault’s message too, so that it reads the same wherever it is shown. */
export function failed(code: FaultCode, found: string, side: Side | null, more: Partial<Finding> = {}): Finding {
  const place = side === null ? {} : { site: side.site.id }
  return finding('failed', found, { fault: fault(code, found, place), ...more })
}

export const failedWith = (fault: Fault): Finding => finding('failed', fault.message, { fault })

/** `photos at Site B`: bucket and site as the wizard’s texts name them. */
export const place = ({ bucket, site }: Side): string => `${bucket} at ${site.name}`
