import type { TaskReads } from './task-reads.ts'
import type { Briefing, BriefingRequest, NotedMarker, ReadsAtOnce, TaskStore, UploadRecord } from '../../port/tasks.ts'

interface Reads extends Pick<ReadsAtOnce, 'task' | 'pairs' | 'lastSeq'>, Pick<TaskReads, 'openSeqs'> {
  readonly tombstones: (linkId: string, key: string) => Briefing['tombstones']
  readonly upload: (seq: number) => UploadRecord | null
  readonly markers: (linkId: string, key: string) => readonly NotedMarker[]
}

/** One connection reads for all, so what is read in one turn is of one moment. */
export function openBriefings(reads: Reads): Pick<TaskStore, 'brief'> {
  return { brief: async (asked) => asked.map((request) => briefingOf(request, reads)) }
}

function briefingOf(request: BriefingRequest, reads: Reads): Briefing {
  const { seq, linkId, key, own, inbound, opposite, tellsWriters } = request
  const openAtSource = inbound.flatMap((other) => reads.openSeqs(other, key))
  return {
    pairs: own === 'nothing' ? [] : reads.pairs(linkId, key),
    tombstones: own === 'all' ? reads.tombstones(linkId, key) : [],
    upload: own === 'all' ? reads.upload(seq) : null,
    open: own === 'all' ? reads.openSeqs(linkId, key) : [],
    markers: own === 'all' ? reads.markers(linkId, key) : [],
    openAtSource,
    writers: tellsWriters ? writersOf(openAtSource, reads) : [],
    pairsBack: opposite === null ? [] : reads.pairs(opposite, key),
    asOfSeq: reads.lastSeq(),
  }
}

const writersOf = (seqs: readonly number[], { task }: Reads): Briefing['writers'] =>
  seqs.flatMap((seq) => task(seq) ?? []).filter(({ operation }) => operation !== 'deleteVersion')
