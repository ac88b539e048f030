import type { DriftCause } from '../../../../shared/model/bucket-drift.ts'
import { driftRules, driftTitle } from '../../../../shared/text/drift.ts'
import type { Tell } from '../../log/activity.ts'
import { CauseWatch, type CauseWatchParts, type WatchedCause } from './cause-watch.ts'

export interface DriftWatchParts extends Pick<CauseWatchParts<WatchedCause>, 'records' | 'tell' | 'clock'> {
  readonly causes: () => readonly DriftCause[]
}

type WatchedDrift = WatchedCause & { readonly cause: DriftCause }

/** Tells once of each bucket that is not any more what it was, and once when it is again; a restart tells nothing again. */
export function driftWatch({ causes, ...parts }: DriftWatchParts): CauseWatch<WatchedDrift> {
  return new CauseWatch({
    ...parts,
    recordName: 'drift-told',
    startMs: 60_000,
    causes: () =>
      causes()
        // Told in the moment in which its rules begin to look both sides over.
        .filter(({ what }) => what !== 'made-anew')
        .map((cause) => ({ id: cause.id, size: cause.ruleIds.length, title: driftTitle(cause), cause })),
    began,
    ended: (title) => ['info', 'rule', `As it was again: ${title}`],
  })
}

function began({ cause }: WatchedDrift): Parameters<Tell> {
  const { at, reason, remedy, ruleIds } = cause
  const more = { siteId: at.site, ruleId: ruleIds.length === 1 ? ruleIds[0]! : null }
  return ['warning', 'rule', `${reason} ${driftRules(cause)}. ${remedy}`, more]
}
