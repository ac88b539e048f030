import { countVersions } from '../version-count.ts'
import { ok, place, warning, type CheckContext, type Finding } from './check.ts'
import { bytes, counted } from './words.ts'

const limits = { versions: 10_000, timeMs: 10_000 }

/** Is there something at the target already? */
export async function checkTargetContent({ target, prefix, ports, signal }: CheckContext): Promise<Finding> {
  const where = { bucket: target.bucket, prefix }
  const found = await countVersions(target.store(), where, limits, ports.clock, signal)
  if (found.versions + found.deleteMarkers === 0) return ok(`${place(target)} is empty.`)
  const markers = found.deleteMarkers === 0 ? '' : ` and ${counted(found.deleteMarkers, 'delete marker')}`
  const amount = `${counted(found.versions, 'version')} (${bytes(found.bytes)})${markers}`
  const text = `${place(target)} holds ${found.complete ? '' : 'more than '}${amount} already.`
  return warning(`${text} Lockstep deletes nothing of it; what equals the source is not copied again.`)
}
