import { markOf, sealOf } from '../marks/origin.ts'
import type { ComparedKey } from './compare-key.ts'
import type { ReplicationContext } from '../context.ts'

/** Of the pairs of a key, for a task that names no version. */
const asked = 50

/**
 * Is what an earlier attempt of this very task wrote among what is paired, whoever found it? Then it has landed, and what bears its seal
 * besides is a copy that a client made.
 */
export async function hasLanded(
  { source, target, learned }: Pick<ComparedKey, 'source' | 'target' | 'learned'>,
  { order, link, target: store, signal }: ReplicationContext,
): Promise<boolean> {
  const isAsked = (sourceVersionId: string): boolean => order.versionId === null || sourceVersionId === order.versionId
  const pairs = [...learned, ...order.pairs].filter((pair) => pair.proof !== 'found' && isAsked(pair.sourceVersionId))
  for (const { sourceVersionId, targetVersionId } of pairs.slice(0, asked)) {
    const there = target.find(({ versionId, deleteMarker }) => versionId === targetVersionId && !deleteMarker)
    if (there === undefined) continue
    const ref = { bucket: link.target.bucket, key: order.key, versionId: targetVersionId }
    const head = await store.head(ref, { signal })
    if (head === null) continue
    const of = source.find(({ versionId }) => versionId === sourceVersionId) ?? there
    const etag = markOf(head)?.kind === 'replica' ? of.etag : ''
    const place = { source: link.source, target: link.target, key: order.key }
    const seal = sealOf(head, place, { etag, sizeBytes: there.sizeBytes }, link.seal ?? null)
    if (seal?.seq === order.seq && seal.journal === link.seal?.journal) return true
  }
  return false
}
