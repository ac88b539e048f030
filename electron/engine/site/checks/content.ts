import { countVersions } from '../version-count.ts'
import { ok, place, warning, type CheckContext, type Finding } from './check.ts'
import { bytes, counted } from './text.ts'

const contentLimits = { versions: 10_000, timeMs: 10_000 }

/** Is there something at the target already? */
export async function checkTargetContent({ target, prefix, ports, signal }: CheckContext): Promise<Finding> {
  const where = { bucket: target.bucket, prefix }
  const found = await countVersions(target.store(), where, contentLimits, ports.clock, signal)
  if (found.versions + found.deleteMarkers === 0) return ok(`${place(target)} is empty.`)
  const markers = found.deleteMarkers === 0 ? '' : ` and ${counted(found.deleteMarkers, 'delete marker')}`
  const amount = `${counted(found.versions, 'version')} (${bytes(found.bytes)})${markers}`
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
  const markers = found.deleteMarkers === 0 ? '' : ` and ${counted(found.deleteMarkers, 'delete marker')}`
  const amount = `${counted(found.versions, 'version')}${markers}, ${bytes(found.bytes)}`
  return ok(found.complete ? `${amount}.` : `More than ${amount}; the count stopped there.`, { estimate })
}
