import { countVersions } from '../version-count.ts'
import { ok, type CheckContext, type Finding } from './check.ts'
import { bytes, counted } from './words.ts'

const limits = { versions: 100_000, timeMs: 10_000 }

/** How much will the first copy move? */
export async function checkFirstCopy({ source, prefix, ports, signal }: CheckContext): Promise<Finding> {
  const where = { bucket: source.bucket, prefix }
  const found = await countVersions(source.store(), where, limits, ports.clock, signal)
  const objects = found.versions + found.deleteMarkers
  const estimate = { objects, bytes: found.bytes, complete: found.complete }
  if (objects === 0) return ok('There is nothing to copy yet.', { estimate })
  const markers = found.deleteMarkers === 0 ? '' : ` and ${counted(found.deleteMarkers, 'delete marker')}`
  const amount = `${counted(found.versions, 'version')}${markers}, ${bytes(found.bytes)}`
  return ok(found.complete ? `${amount}.` : `More than ${amount}; the count stopped there.`, { estimate })
}
