import type { AdvisedMode, Messages } from '../../../shared/model/advisor.ts'
import { consensusRounds } from './latency.ts'

/** A request and its answer. */
const exchange = 2
/** Per target of a write that is copied afterwards: a look at both sides, one read, one write (`replicate/`). */
const copyExchanges = 4

/**
 * Requests and answers on the network for one write; the client’s own and TCP’s are left out. A write that is
 * acknowledged by targets reaches all of them at the same time, also under `one`: the body is not read again.
 */
export function messagesPerWrite(mode: AdvisedMode, targets: number): Messages {
  switch (mode) {
    case 'async':
      return exactly(exchange + exchange * copyExchanges * targets)
    case 'one':
    case 'majority':
    case 'all':
      return exactly(exchange + exchange * targets)
    case 'consensus':
      // The leader asks every other site in each round (Ongaro & Ousterhout 2014, §5.3).
      return {
        least: exchange + exchange * targets * consensusRounds.least,
        most: exchange + exchange * targets * consensusRounds.most,
      }
  }
}

const exactly = (count: number): Messages => ({ least: count, most: count })
