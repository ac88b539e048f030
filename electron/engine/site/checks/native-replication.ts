import { FaultError } from '../../../../shared/model/fault.ts'
import { ok, place, warning, type CheckContext, type Finding, type Side } from './check.ts'

/** Do the sites replicate these buckets by themselves? Two engines on one pair do the work twice and undo each other. */
export async function checkNativeReplication({ source, target, signal }: CheckContext): Promise<Finding> {
  const sides = [source, target]
  const rules = await Promise.all(sides.map((side) => nativeRules(side, signal)))
  const found = sides.flatMap((side, index) => {
    const here = rules[index]
    return here === null || here === undefined || here.length === 0 ? [] : [`${place(side)}: ${here.join('; ')}`]
  })
  if (found.length > 0) {
    const what = `The sites replicate by rules of their own: ${found.join('. ')}`
    return warning(`${what}. Where one of them covers this pair, remove it, or the work is done twice.`)
  }
  const hidden = sides.filter((_, index) => rules[index] === null)
  if (hidden.length === 0) return ok('Neither bucket has a replication rule of its own site.')
  const where = hidden.map(place).join(' and ')
  return warning(`The key may not read the replication rules of ${where} (s3:GetReplicationConfiguration).`)
}

async function nativeRules(side: Side, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    return await side.store().nativeReplication(side.bucket, { signal })
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'ACCESS_DENIED') return null
    throw error
  }
}
