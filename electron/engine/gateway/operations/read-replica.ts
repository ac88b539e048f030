import type { BucketAt } from '../../../../shared/model/rule.ts'
import { isPendingName } from '../../replicate/marks/origin.ts'
import type { WireAnswer } from '../../store/wire/request.ts'
import type { GatewayContext } from '../context.ts'
import type { Exchange, Reply } from '../exchange.ts'
import type { Replica } from '../replicas.ts'

/** A site that has not begun to answer by then is taken for gone, where somebody else can answer. */
export const responseTimeoutMs = 10_000

/** The first replica that answers for itself; null when none does. */
export async function fromReplicas(
  context: GatewayContext,
  exchange: Exchange,
  replicas: readonly Replica[],
): Promise<Reply | null> {
  for (const replica of replicas) {
    const reply = await fromReplica(context, exchange, replica).catch(() => null)
    if (reply !== null) return reply
    exchange.signal.throwIfAborted()
  }
  return null
}

async function fromReplica(context: GatewayContext, exchange: Exchange, replica: Replica): Promise<Reply | null> {
  const { target } = replica.link
  const wanted = exchange.call.query.get('versionId')
  const versionId = wanted === undefined ? undefined : replica.toTarget(wanted)
  if (versionId === null) return null
  const body = await exchange.body.open()
  const answer = await context.upstream.send(exchange, {
    siteId: target.site,
    bucket: target.bucket,
    body,
    query: { versionId },
    stream: true,
    responseMs: responseTimeoutMs,
    signal: exchange.signal,
  })
  if (!speaksForSource(answer) && !(answer.status === 404 && (await isDeleted(context, exchange, target)))) {
    answer.stream?.destroy()
    return null
  }
  return { answer, headers: asAtSource(answer, replica), servedBy: target.site }
}

/**
 * What a target has not, its source may have all the same: only a delete that was replicated proves that it is gone.
 * Refusals of the target's own (rights, errors) say nothing of the object either.
 */
function speaksForSource({ status, headers }: WireAnswer): boolean {
  if (status === 404 || status === 405) return headers['x-amz-delete-marker'] === 'true'
  return status < 300 || status === 304 || status === 412 || status === 416
}

/** Ceph does not say that what is not there was deleted: its list of versions does. */
async function isDeleted({ list }: GatewayContext, { call, signal }: Exchange, target: BucketAt): Promise<boolean> {
  if (call.query.has('versionId')) return false
  const { entries } = await list(target.site, { bucket: target.bucket, prefix: call.key, limit: 1 }, signal)
  return entries[0]?.key === call.key && entries[0].deleteMarker
}

/** The source's id; not the name of a write that the source got at the same time, whose id there only the journal knows. */
function stampOf(headers: WireAnswer['headers']): string | undefined {
  const versionId = headers['x-amz-meta-lockstep-version']
  return versionId !== undefined && isPendingName(versionId) ? undefined : versionId
}

/** Names the version as the source does; that it is a replica there is nobody's business. */
function asAtSource({ headers }: WireAnswer, replica: Replica): Record<string, string | undefined> {
  const changed: Record<string, string | undefined> = { 'x-amz-replication-status': undefined }
  const stamped = stampOf(headers)
  const versionId = headers['x-amz-version-id']
  if (versionId !== undefined) changed['x-amz-version-id'] = replica.toSource(versionId) ?? stamped
  return changed
}
