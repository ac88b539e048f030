import type { Briefing, BriefingRequest } from '../journal/port/tasks.ts'
import type { Lease } from '../queue/port.ts'
import type { Judgement, LinkOrder, TaskOrder } from '../replicate/port.ts'
import { turned } from '../scan/seems-diverged.ts'

/** What a task is told besides its briefing. */
export interface OrderFacts {
  readonly judge: Judgement | undefined
  /** A worker has the task of this number at this moment. */
  readonly isLeased: (seq: number) => boolean
}

/** What the journal is asked before the task goes to a thread. */
export function briefingRequest(lease: Lease, link: LinkOrder | null): BriefingRequest {
  const { seq, linkId, key, versionId, operation } = lease.task
  // A new null version takes the place of a former one, which only the journal knows.
  const ofAbsent = versionId === 'null' ? 'pairs' : 'nothing'
  return {
    seq,
    linkId,
    key,
    own: isKnownAbsent(lease, link) ? ofAbsent : 'all',
    inbound: link?.inbound ?? [],
    opposite: link?.opposite?.linkId ?? null,
    tellsWriters: operation === 'deleteVersion',
  }
}

/** What a thread is told of the task. `link` as it was when the briefing was asked for. */
export function taskOrder(lease: Lease, link: LinkOrder | null, briefing: Briefing, facts: OrderFacts): TaskOrder {
  const { seq, linkId, key, versionId, operation, sizeBytes, changedAt, attempts, bypassGovernance } = lease.task
  const { pairs, tombstones, upload, open, markers } = briefing
  const knownAbsent = isKnownAbsent(lease, link)
  return {
    seq,
    linkId,
    key,
    versionId,
    operation,
    sizeBytes,
    changedAt,
    attempt: attempts + 1,
    attemptId: lease.attemptId,
    ...(bypassGovernance === true && { bypassGovernance }),
    judge: facts.judge,
    ...fromElsewhere(link, briefing),
    ...(isWrittenAtSource(seq, briefing, facts) && { isWrittenAtSource: true as const }),
    knownAbsent,
    pairs,
    ...(tombstones.length > 0 && { tombstones }),
    upload,
    ...(!knownAbsent && { open, markers, mayHaveRun: lease.mayHaveRun || hasNote(versionId, markers) }),
  }
}

/** Another task of the key may have brought it along since the lease was read. */
const hasNote = (versionId: string | null, markers: Briefing['markers']): boolean =>
  markers.some((marker) => marker.versionId === versionId)

/** Where a rule leads back, the target's own clients and the other link write too: what a scan saw lacking may be there by now. */
const isKnownAbsent = ({ knownAbsent }: Lease, link: LinkOrder | null): boolean =>
  knownAbsent && link?.opposite === undefined

/** What other links brought to the source, or are bringing. */
function fromElsewhere(
  link: LinkOrder | null,
  { openAtSource, pairsBack, asOfSeq }: Briefing,
): Pick<TaskOrder, 'came' | 'alike' | 'openAtSource' | 'asOfSeq'> {
  if ((link?.inbound ?? []).length === 0) return {}
  if (link?.opposite === undefined) return { openAtSource, asOfSeq }
  const came = turned(pairsBack.filter(({ proof }) => proof !== 'found'))
  const alike = turned(pairsBack.filter(({ proof }) => proof === 'found'))
  return { came, alike, openAtSource, asOfSeq }
}

/**
 * By a task of another link that came before, or that has begun. Others may wait in line behind a delete that waits for this
 * one: to wait for them would never end.
 */
const isWrittenAtSource = (own: number, { writers }: Briefing, { isLeased }: OrderFacts): boolean =>
  writers.some(({ seq, attempts }) => seq < own || attempts > 0 || isLeased(seq))
