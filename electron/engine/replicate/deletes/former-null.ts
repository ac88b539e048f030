import type { Outcome } from '../port.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * A source without versions, or with suspended ones, keeps one null version: what was overwritten or hidden there is gone for good.
 * A target that mints ids has kept its replica, below the new one; under a rule that repeats permanent deletes it goes, if Lockstep
 * wrote it. Only when the change was judged: what looks like an attack keeps its way back.
 */
export async function withoutFormerNull(
  outcome: Outcome,
  { order, link, target, signal }: ReplicationContext,
): Promise<Outcome> {
  if (outcome.kind !== 'settled' || !link.rule.versionDeletes || outcome.judged === 'suspicious') return outcome
  const now = outcome.learned.find(({ sourceVersionId }) => sourceVersionId === 'null')
  const former = order.pairs.find(({ sourceVersionId }) => sourceVersionId === 'null')
  if (now === undefined || former === undefined || former.proof !== undefined) return outcome
  const versionId = former.targetVersionId
  if (versionId === now.targetVersionId || versionId === 'null') return outcome
  await target.deleteVersion({ bucket: link.target.bucket, key: order.key, versionId }, null, { signal })
  return outcome
}
