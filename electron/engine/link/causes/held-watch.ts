import { fault } from '../../../../shared/model/fault.ts'
import type { HeldCause } from '../../../../shared/model/sync-state.ts'
import { heldRules, heldTitle } from '../../../../shared/text/held.ts'
import type { Tell } from '../../log/activity.ts'
import { CauseWatch, type CauseWatchParts, type WatchedCause } from './cause-watch.ts'

export interface HeldWatchParts extends Pick<CauseWatchParts<WatchedCause>, 'records' | 'tell' | 'clock'> {
  readonly causes: () => readonly HeldCause[]
}

type WatchedHold = WatchedCause & { readonly cause: HeldCause }

/** Tells of each cause that holds links once, and once when it holds none any more; a restart tells nothing again. */
export function heldWatch({ causes, ...parts }: HeldWatchParts): CauseWatch<WatchedHold> {
  return new CauseWatch({
    ...parts,
    recordName: 'held-told',
    startMs: 60_000,
    causes: () =>
      causes()
        // A site that goes or comes is told of by its own event.
        .filter(({ what }) => what !== 'offline')
        .map((cause) => ({ id: cause.id, size: cause.linkIds.length, title: heldTitle(cause), cause })),
    began,
    ended: (title) => ['info', 'rule', `No rule is held any more by this: ${title}`],
  })
}

function began({ title, cause }: WatchedHold): Parameters<Tell> {
  const { code, reason, remedy, siteId, ruleIds } = cause
  const more = {
    siteId,
    ruleId: ruleIds.length === 1 ? ruleIds[0]! : null,
    fault: fault(code, reason, { remedy, ...(siteId !== null && { site: siteId }) }),
  }
  return ['error', 'rule', `${title} ${heldRules(cause)}.`, more]
}
