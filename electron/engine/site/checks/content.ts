import { countOf } from '../../../../shared/text/count.ts'
import type { Clock } from '../../base/clock.ts'
import { isCanary } from '../../rule/canary-keys.ts'
import type { ListPosition, ObjectStore } from '../../store/port.ts'
import { ok, place, warning, type CheckContext, type Finding } from './check.ts'
import { bytes } from './text.ts'

const contentLimits = { versions: 10_000, timeMs: 10_000 }

/** Is there something at the target already? */
export async function checkTargetContent({ target, prefix, ports, signal }: CheckContext): Promise<Finding> {
  const where = { bucket: target.bucket, prefix }
  const found = await countVersions(target.store(), where, contentLimits, ports.clock, signal)
  if (found.versions + found.deleteMarkers === 0) return ok(`${place(target)} is empty.`)
  const markers = found.deleteMarkers === 0 ? '' : ` and ${countOf(found.deleteMarkers, 'delete marker')}`
  const amount = `${countOf(found.versions, 'version')} (${bytes(found.bytes)})${markers}`
  const text = `${place(target)} holds ${found.complete ? '' : 'more than '}${amount} already.`
  return warning(`${text} Lockstep deletes nothing of it; what equals the source is not copied again.`)
}

const firstCopyLimits = { versions: 100_000, timeMs: 10_000 }

/** How much will the first copy move? */
export async function checkFirstCopy({ source, prefix, ports, signal }: CheckContext): Promise<Finding> {
  const where = { bucket: source.bucket, prefix }
  const found = await countVersions(source.store(), where, firstCopyLimits, ports.clock, signal)
  const objects = found.versions + found.deleteMarkers
  const estimate = { objects, bytes: found.bytes, complete: found.complete }
  if (objects === 0) return ok('There is nothing to copy yet.', { estimate })
  const markers = found.deleteMarkers === 0 ? '' : ` and ${countOf(found.deleteMarkers, 'delete marker')}`
  const amount = `${countOf(found.versions, 'version')}${markers}, ${bytes(found.bytes)}`
  return ok(found.complete ? `${amount}.` : `More than ${amount}; the count stopped there.`, { estimate })
}

interface VersionCount {
  readonly versions: number
  readonly deleteMarkers: number
  readonly bytes: number
  /** false: the limit came first, and there is more. */
  readonly complete: boolean
}

interface CountLimits {
  readonly versions: number
  readonly timeMs: number
}

/** Counts versions and their bytes under a prefix, up to the limits. Canaries do not count. */
async function countVersions(
  store: ObjectStore,
  where: { readonly bucket: string; readonly prefix: string },
  limits: CountLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<VersionCount> {
  const deadlineAt = clock.now() + limits.timeMs
  let [versions, deleteMarkers, bytes] = [0, 0, 0]
  let from: ListPosition | undefined
  do {
    const page = await store.listVersions({ ...where, ...(from === undefined ? {} : { from }) }, { signal })
    for (const entry of page.entries) {
      if (isCanary(entry.key)) continue
      if (entry.deleteMarker) deleteMarkers++
      else versions++
      bytes += entry.sizeBytes
    }
    from = page.next ?? undefined
  } while (from !== undefined && versions + deleteMarkers < limits.versions && clock.now() < deadlineAt)
  return { versions, deleteMarkers, bytes, complete: from === undefined }
}
