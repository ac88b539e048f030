import type { NewTask } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { VersionEntry } from '../store/port.ts'
import type { KeyContext, KeyView } from './key-view.ts'

/** A task for what is gone from the source without a trace. */
export interface GoneTask {
  readonly task: NewTask
  /** The version at the target that it is about. */
  readonly replicaId: string
  /** The journal pairs it with what is gone. Otherwise it may be somebody else’s: it must be proved a replica first. */
  readonly proven: boolean
  /** It may have been written and copied after the source's page was read: the source has to be asked once more. */
  readonly isYoung: boolean
}

/**
 * Finds the replicas of versions that are gone from the source, oldest first. Never by position or content: what the journal
 * has paired, and where ids are shared what has an id that the source has not. Of a pair that was only found alike the task
 * tells that nothing proves it a copy; where a rule leads back it may be the original, and is left alone.
 */
export function tasksForGone(view: KeyView, extra: readonly VersionEntry[], context: KeyContext): readonly GoneTask[] {
  const { versionDeletes, deleteMarkers } = context.switches
  const written = view.pairs.filter(({ proof }) => proof !== 'found')
  const purged = versionDeletes ? purges(view, extra, partners(context.twoWay ? written : view.pairs), context) : []
  return deleteMarkers ? [...purged, ...lostObject(view, partners(written), context)] : purged
}

/** The version at the source by that at the target. */
const partners = (pairs: readonly VersionPair[]): ReadonlyMap<string, string> =>
  new Map(pairs.map(({ sourceVersionId, targetVersionId }) => [targetVersionId, sourceVersionId]))

/** The listings are not of one instant: a version written and copied after the source's page was read is missing there. */
const isYoung = (replica: VersionEntry, view: KeyView, { skewMs }: KeyContext): boolean =>
  replica.modifiedAt >= view.sourceAskedAt - skewMs - 1000

function purges(
  view: KeyView,
  extra: readonly VersionEntry[],
  partner: ReadonlyMap<string, string>,
  context: KeyContext,
): readonly GoneTask[] {
  const alive = new Set(view.source.map((entry) => entry.versionId))
  return extra.toReversed().flatMap((replica) => {
    const paired = partner.get(replica.versionId)
    // A marker has no head that could prove it a replica.
    if (paired === undefined && (!context.sharesIds || replica.deleteMarker)) return []
    const versionId = paired ?? replica.versionId
    // Of a key that lost everything its lost object tells. A shared null id is proved by the version itself.
    if (versionId === 'null' && view.source.length === 0) return []
    if (replica.versionId === 'null' && paired !== undefined) return []
    if (alive.has(versionId)) return []
    const task = taskFor(view.key, versionId, 'deleteVersion', context)
    return [
      { task, replicaId: replica.versionId, proven: paired !== undefined, isYoung: isYoung(replica, view, context) },
    ]
  })
}

/** The source has nothing of the key, and the target shows its null version: a bucket without versions lost the object. */
function lostObject(view: KeyView, partner: ReadonlyMap<string, string>, context: KeyContext): readonly GoneTask[] {
  const latest = view.target[0]
  if (view.source.length > 0 || latest === undefined || latest.deleteMarker) return []
  const paired = partner.get(latest.versionId) === 'null'
  const shared = context.sharesIds && latest.versionId === 'null'
  if (!paired && !shared) return []
  const task = taskFor(view.key, null, 'deleteMarker', context)
  return [{ task, replicaId: latest.versionId, proven: paired, isYoung: isYoung(latest, view, context) }]
}

function taskFor(
  key: string,
  versionId: string | null,
  operation: NewTask['operation'],
  { linkId, now }: KeyContext,
): NewTask {
  return { linkId, key, versionId, operation, sizeBytes: null, changedAt: now, absentSeenAt: 0 }
}
