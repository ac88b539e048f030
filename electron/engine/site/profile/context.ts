import type { BucketView } from '../../../../shared/model/site.ts'
import type { ObjectStore } from '../../store/port.ts'
import type { Canary, CanaryPorts } from '../canary.ts'

/** All that a question with canaries may use. */
export interface ProbeContext {
  readonly store: ObjectStore
  readonly view: BucketView
  readonly canary: Canary
  /** Versioning is on in the bucket. */
  readonly versioned: boolean
  readonly ports: CanaryPorts
  readonly signal: AbortSignal
}
