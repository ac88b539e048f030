import { faultKinds, FaultError, type Fault } from '../../../shared/model/fault.ts'

/** So many looks in a row that met a site that is down: the rest would wait for nothing. */
const inARow = 50

/** Fail fast: ends a comparison whose site has gone, instead of waiting for each of its versions. */
export class FailFast {
  #met = 0

  answered(): void {
    this.#met = 0
  }

  /** Throws the fault when it is one of the whole site, and was met again and again. */
  refused(fault: Fault): void {
    if (!faultKinds[fault.code].ofSite) return this.answered()
    if (++this.#met >= inARow) throw new FaultError(fault)
  }
}
