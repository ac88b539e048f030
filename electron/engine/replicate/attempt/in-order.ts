import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { FidelityProperty } from '../../../../shared/model/fidelity.ts'
import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import type { LinkOrder, Outcome, SettledOutcome } from '../port.ts'
import { copyVersion, type NamedVersion } from '../copy/copy-version.ts'
import { writeMarker } from '../deletes/delete-marker.ts'
import type { ComparedKey } from '../versions/compare-key.ts'
import { restoresOrder } from '../versions/restores-order.ts'
import { isOwnReplica } from '../deletes/ownership.ts'
import type { ReplicationContext } from '../context.ts'

/** Brings one version or delete marker that the target has not got. */
export const copyOne = (
  version: NamedVersion & { readonly deleteMarker: boolean },
  context: ReplicationContext,
): Promise<Outcome> => (version.deleteMarker ? writeMarker(version, context) : copyVersion(version, context))

/** One write of the sequence; `former` is the replica that it replaces, when the version was there but in the wrong place. */
interface Step {
  readonly version: VersionEntry
  readonly former: VersionEntry | null
}

/**
 * Sites order versions by arrival. So what is to be written, oldest first, is: every missing version up to the named one,
 * and every version already there that is newer than the oldest of those, or it would end up below its elders, as one does
 * whose attempt ended half way. Where the site orders by modification time, the missing ones alone. What was first written
 * at the target (`isOriginal`) stays where it is.
 */
export function sequence(
  named: VersionEntry,
  seen: Pick<ComparedKey, 'source' | 'alignment'>,
  isWanted: (version: VersionEntry) => boolean,
  link: Pick<LinkOrder, 'identity' | 'ordersByMtime' | 'opposite'>,
  isOriginal: (there: VersionEntry) => boolean = () => false,
): readonly Step[] {
  const { pairs, misplaced } = seen.alignment
  const partner = new Map(pairs)
  const steps: Step[] = []
  const namedAt = seen.source.indexOf(named)
  for (let index = seen.source.length - 1; index >= 0; index--) {
    const version = seen.source[index]!
    const former = partner.get(version)
    if (former === undefined) {
      if (index >= namedAt && isWanted(version)) steps.push({ version, former: null })
    } else if (isOriginal(former)) {
      // The target's own: it lies where its clients put it.
      continue
    } else if ((steps.length > 0 && !link.ordersByMtime) || (version === misplaced && restoresOrder(link))) {
      steps.push({ version, former })
    }
  }
  return steps
}

/** Carries out a {@link sequence}; resolves with the outcome of the named version and every pair learned on the way. */
export async function copyInOrder(
  named: VersionEntry,
  steps: readonly Step[],
  seen: ComparedKey,
  context: ReplicationContext,
): Promise<Outcome> {
  const { misplaced } = seen.alignment
  const learned: VersionPair[] = []
  const also: string[] = []
  const notKept: FidelityProperty[] = []
  let ofNamed: SettledOutcome | null = null
  let wrote = false
  for (const { version, former, removable } of await movable(named, await judged(steps, seen, context), context)) {
    // Nothing came to lie on top of it: an elder that is not wanted, or failed for good, moves nobody.
    if (former !== null && !wrote && version !== misplaced) continue
    if (former !== null && !removable && leadsBack(context)) continue
    const told = removable ? { ...context, replaces: former.versionId } : context
    const outcome =
      version === named ? await copyOne(version, told) : await copyOther(version, { ...told, sample: undefined })
    if (outcome === null) continue
    if (outcome.kind === 'fault') return outcome
    if (outcome.did === 'copied' || outcome.did === 'marker') wrote = true
    learned.push(...outcome.learned)
    // What is written once more to lie on top was counted when it first came.
    if (former === null) notKept.push(...(outcome.notKept ?? []))
    if (removable) await removeFormer(former, outcome.learned, context)
    if (version === named) ofNamed = outcome
    else if (former === null) also.push(version.versionId)
  }
  if (ofNamed === null) throw new FaultError(fault('INTERNAL', 'The named version was not in its own sequence.'))
  return { ...ofNamed, learned, also, notKept }
}

/**
 * What stays below its copy, a marker too, goes back as a new version where a rule leads back, moves others there, and comes again without end.
 * Of two sides that were both written, neither order is the right one.
 */
const leadsBack = ({ link }: ReplicationContext): boolean => link.opposite !== undefined

/** A step, and whether what it replaces may go: a version that only looks alike is left below its copy. */
type JudgedStep =
  | { readonly version: VersionEntry; readonly former: VersionEntry; readonly removable: true }
  | { readonly version: VersionEntry; readonly former: VersionEntry | null; readonly removable: false }

function judged(
  steps: readonly Step[],
  seen: ComparedKey,
  context: ReplicationContext,
): Promise<readonly JudgedStep[]> {
  return Promise.all(
    steps.map(async ({ version, former }): Promise<JudgedStep> => {
      if (former === null || !(await isOwnReplica(version.versionId, former, seen, context)))
        return { version, former, removable: false }
      return { version, former, removable: true }
    }),
  )
}

/** null: failed for good. It is listed by its own task, and must not hold back what comes after it. */
async function copyOther(version: VersionEntry, context: ReplicationContext): Promise<Outcome | null> {
  try {
    return await copyOne(version, context)
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault.code === 'CANCELLED') throw error
    if (error.fault.retry === 'never') return null
    const message = `Version ${version.versionId} comes first and failed: ${error.fault.message}`
    throw new FaultError(
      { ...error.fault, ...fault('PREDECESSOR_FAILED', message), retry: error.fault.retry },
      { cause: error },
    )
  }
}

/** A target that adopts ids has moved the version itself to the top (Ceph does): then there is no former replica. */
async function removeFormer(
  former: VersionEntry,
  learned: readonly VersionPair[],
  context: ReplicationContext,
): Promise<void> {
  const written = learned.find((pair) => pair.targetVersionId !== former.versionId)
  if (written === undefined) return
  await context.target.deleteVersion(
    { bucket: context.link.target.bucket, key: context.order.key, versionId: former.versionId },
    null,
    { signal: context.signal },
  )
}

/**
 * The steps above the newest replica that is locked at the target: it could not be removed from below and would stay twice.
 * What is missing below it is listed by its own task, and does not hold back what comes after.
 */
async function movable(
  named: VersionEntry,
  steps: readonly JudgedStep[],
  context: ReplicationContext,
): Promise<readonly JudgedStep[]> {
  for (let index = steps.length - 1; index >= 0; index--) {
    const { version, former, removable } = steps[index]!
    if (!removable || !(await isLocked(version, former, context))) continue
    const above = steps.slice(index + 1)
    if (above.some((step) => step.version === named)) return above
    const message = `An older version cannot be placed below version ${former.versionId}, which is locked at the target.`
    throw new FaultError(fault('OBJECT_LOCKED', message, { site: context.link.target.site }))
  }
  return steps
}

async function isLocked(version: VersionEntry, former: VersionEntry, context: ReplicationContext): Promise<boolean> {
  if (version.deleteMarker || version.versionId === former.versionId) return false
  const ref = { bucket: context.link.target.bucket, key: context.order.key, versionId: former.versionId }
  const lock = (await context.target.head(ref, { signal: context.signal }))?.lock ?? null
  return (
    lock !== null && (lock.legalHold || (lock.retainUntil !== null && Date.parse(lock.retainUntil) > context.now()))
  )
}
