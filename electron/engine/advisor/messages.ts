import type { AdvisedMode, Messages, WritePath } from '../../../shared/model/advisor.ts'
import { consensusRounds } from './latency.ts'

/** A request and its answer. */
const exchange = 2
/** Per target of a write that is copied afterwards: a look at both sides, one read, one write (`replicate/`). */
const copyExchanges = 4

/**
 * Requests and answers on the network for one write of a small object; the client’s own and TCP’s are left out. What goes
 * side by side reaches all targets without a look or a read; what is copied after the source costs the same in every mode.
 */
export function messagesPerWrite(mode: AdvisedMode, targets: number, path: WritePath): Messages {
  // The leader asks every other site in each round (Raft, USENIX ATC 2014, §5.3).
  if (mode === 'consensus')
    return {
      least: exchange + exchange * targets * consensusRounds.least,
      most: exchange + exchange * targets * consensusRounds.most,
    }
  const perTarget = mode === 'async' || path === 'after-source' ? copyExchanges : 1
  const count = exchange + exchange * perTarget * targets
  return { least: count, most: count }
}
