import type { NewTask } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import { align, sameContent } from '../replicate/versions/align.ts'
import type { VersionEntry } from '../store/port.ts'
import { isCoveredAtTarget } from '../replicate/versions/both-sides.ts'
import type { KeyContext, KeyView } from './key-view.ts'
import { tasksForGone, type GoneTask } from './gone-tasks.ts'

/** What is to be mended on one key. */
export interface KeyTasks {
  readonly tasks: readonly NewTask[]
  /** What the source has not got any more. */
  readonly gone: readonly GoneTask[]
}

/** Longer histories go through the full alignment, whose cost does not grow with the square of their length. */
const glanced = 8

/** Are both sides surely the same, position by position? Cheap, for the keys that did not change: nearly all. */
function equalAtAGlance(view: KeyView, context: KeyContext): boolean {
  const { source, target, pairs } = view
  if (source.length !== target.length || source.length > glanced) return false
  for (let i = 0; i < source.length; i++) {
    const ours = source[i]!
    const theirs = target[i]!
    if (!surelyOne(ours, theirs, pairs) || suspectsMetadata(ours, theirs, context)) return false
    if (mayBeOfAnother(ours, theirs, view, context)) return false
  }
  return true
}

function surelyOne(ours: VersionEntry, theirs: VersionEntry, pairs: readonly VersionPair[]): boolean {
  if (ours.deleteMarker !== theirs.deleteMarker) return false
  if (ours.versionId === 'null' || theirs.versionId === 'null') return sameContent(ours, theirs)
  const known = pairs.find((pair) => pair.sourceVersionId === ours.versionId)
  if (known !== undefined) return known.targetVersionId === theirs.versionId
  if (ours.versionId === theirs.versionId) return true
  const isOfAnother = pairs.some(
    ({ targetVersionId, proof }) => targetVersionId === theirs.versionId && proof === undefined,
  )
  return sameContent(ours, theirs) && (ours.deleteMarker || !isOfAnother)
}

/**
 * Where ids are shared, a look-alike under another id is another tool's copy, and then younger than its original; or a replica of a
 * version that the source has let go of, which only the target can say.
 */
function mayBeOfAnother(ours: VersionEntry, theirs: VersionEntry, { pairs }: KeyView, context: KeyContext): boolean {
  if (!context.sharesIds || ours.deleteMarker || ours.versionId === theirs.versionId) return false
  if (ours.versionId === 'null' || theirs.versionId === 'null') return false
  if (pairs.some(({ sourceVersionId }) => sourceVersionId === ours.versionId)) return false
  return theirs.modifiedAt <= ours.modifiedAt + context.skewMs + 1000
}

/** The tasks that bring the target's versions of one key in step, oldest version first. */
export function tasksForKey(view: KeyView, context: KeyContext): KeyTasks {
  if (equalAtAGlance(view, context)) return { tasks: [], gone: [] }
  const wanted = view.source.filter((entry) => isWanted(entry, context))
  const { pairs, missing, extra, disorder, misplaced } = align(wanted, view.target, view.pairs)
  const partner = new Map(view.pairs.map((pair) => [pair.targetVersionId, pair.sourceVersionId]))
  const explained = extra.every(({ versionId }) => versionId !== 'null' && partner.has(versionId))
  // Only an orderly key may be copied without a look: a version that must go below others, or may be there unknown, not.
  const absentSeenAt = !disorder && explained ? view.targetAskedAt : 0
  // Nor one whose replica the journal knows: that it is not listed does not mean that it is gone.
  const copied = new Set(view.pairs.map(({ sourceVersionId }) => sourceVersionId))
  const sightOf = ({ versionId }: VersionEntry): number => (copied.has(versionId) ? 0 : absentSeenAt)
  const ofOthers = pairs.filter(([ours, theirs]) => mayBeOfAnother(ours, theirs, view, context))
  const unexplained = new Set([...extra, ...ofOthers.map(([, theirs]) => theirs)])
  const left = view.target.filter((entry) => unexplained.has(entry))
  const gone = tasksForGone(view, left, context)
  const tasks = [
    ...missing.map((entry) => ({
      ...taskFor(entry, writeOf(entry), sightOf(entry), context),
      ...overwrites(entry, view),
    })),
    ...covering(wanted[0], view, context),
    ...(misplaced === null || !context.restoresOrder ? [] : [taskFor(misplaced, writeOf(misplaced), 0, context)]),
    ...pairs
      .filter(([ours, theirs]) => suspectsMetadata(ours, theirs, context))
      // Where the version was first written, its tags are right: found out by looking at it, not by comparing alone.
      .map(([ours]) => taskFor(ours, context.twoWay ? 'put' : 'metadata', 0, context)),
    ...ofOthers.map(([ours]) => taskFor(ours, 'put', 0, context)),
  ]
  return { tasks, gone }
}

/** A task that looks at both sides of the key again, and brings what it finds or tells why it cannot. */
export function taskToLook({ source }: KeyView, context: KeyContext): KeyTasks {
  const newest = source[0]
  return { tasks: newest === undefined ? [] : [taskFor(newest, writeOf(newest), 0, context)], gone: [] }
}

/** The source's current version goes on top of what others wrote there, once more: it is at the target already, below. */
function covering(current: VersionEntry | undefined, view: KeyView, context: KeyContext): readonly NewTask[] {
  const top = view.target[0]
  if (current === undefined || current !== view.source[0] || top === undefined) return []
  if (!context.restoresOrder || top.modifiedAt >= context.coversBefore || !isCoveredAtTarget(view)) return []
  return [taskFor(current, writeOf(current), 0, context)]
}

function isWanted(entry: VersionEntry, { switches, since }: KeyContext): boolean {
  return entry.modifiedAt >= since && (switches.deleteMarkers || !entry.deleteMarker)
}

/** Tags are often set right after the object: by then a prompt copy may be there already, without them. */
const promptMs = 5000

/**
 * May tags or locks of a version that is at the target already have changed? Listings tell little: some sites give such a
 * version a new time, Ceph and MinIO do not. So what was written since the last scan and copied at once is compared again,
 * unless the source sends an event for it; what is tagged later on such a site, a resync finds.
 */
function suspectsMetadata(ours: VersionEntry, theirs: VersionEntry, context: KeyContext): boolean {
  const { switches, skewMs, thorough, changedSince, tellsOfTags } = context
  if (!switches.metadata || ours.deleteMarker) return false
  if (thorough) return true
  if (ours.modifiedAt < changedSince - skewMs - promptMs) return false
  return ours.modifiedAt > theirs.modifiedAt + (tellsOfTags ? skewMs + 1000 : -skewMs - promptMs)
}

/** A hint for the brake, which else would have to look at what a task of an absent version puts out of use. */
const overwrites = (entry: VersionEntry, { target }: KeyView): Pick<NewTask, 'overwrites'> =>
  !entry.deleteMarker && target[0]?.deleteMarker === false ? { overwrites: true } : {}

const writeOf = ({ deleteMarker }: VersionEntry): NewTask['operation'] => (deleteMarker ? 'deleteMarker' : 'put')

function taskFor(
  entry: VersionEntry,
  operation: NewTask['operation'],
  absentSeenAt: number,
  { linkId }: KeyContext,
): NewTask {
  const { key, versionId, sizeBytes, modifiedAt } = entry
  return {
    linkId,
    key,
    versionId,
    operation,
    sizeBytes: operation === 'put' ? sizeBytes : null,
    changedAt: modifiedAt,
    absentSeenAt,
  }
}
