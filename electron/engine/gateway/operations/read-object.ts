import type { WireAnswer } from '../../store/wire/request.ts'
import type { Exchange, GatewayWorld, Operation, Reply } from '../exchange.ts'
import type { Replica } from '../replicas.ts'

/** A source that has not begun to answer by then is taken for gone, where somebody else can answer. */
const patienceMs = 10_000

/** GetObject and HeadObject: from the source; while it is away, from a target that has all that was acknowledged of the key. */
export const readObject: Operation = async (world, exchange) => {
  const { siteId, replicas } = world
  const { bucket, key } = exchange.call
  if (!replicas.isOnline(siteId)) {
    const reply = await fromReplicas(world, exchange, replicas.of(siteId, bucket, key))
    if (reply !== null) return reply
  }
  const body = await exchange.body.open()
  const ask = (responseMs?: number): Promise<WireAnswer> =>
    world.upstream.send(exchange, { siteId, body, responseMs, stream: true, signal: exchange.signal })
  const spare = replicas.of(siteId, bucket, key)
  if (spare.length === 0) return { answer: await ask() }
  const answer = await ask(patienceMs).catch((error: unknown) =>
    exchange.signal.aborted ? Promise.reject(error) : error,
  )
  if (isAnswer(answer) && answer.status < 500) return { answer }
  // Asked again: what was acknowledged while the source was being waited for counts too.
  const reply = await fromReplicas(world, exchange, replicas.of(siteId, bucket, key))
  if (reply !== null) return reply
  if (isAnswer(answer)) return { answer }
  throw answer
}

const isAnswer = (value: unknown): value is WireAnswer =>
  typeof value === 'object' && value !== null && 'status' in value && 'bytes' in value

/** The first replica that answers for itself; null when none does. */
async function fromReplicas(
  world: GatewayWorld,
  exchange: Exchange,
  replicas: readonly Replica[],
): Promise<Reply | null> {
  for (const replica of replicas) {
    const reply = await fromReplica(world, exchange, replica).catch(() => null)
    if (reply !== null) return reply
    exchange.signal.throwIfAborted()
  }
  return null
}

async function fromReplica(world: GatewayWorld, exchange: Exchange, replica: Replica): Promise<Reply | null> {
  const { target } = replica.link
  const wanted = exchange.call.query.get('versionId')
  const versionId = wanted === undefined ? undefined : replica.toTarget(wanted)
  if (versionId === null) return null
  const body = await exchange.body.open()
  const answer = await world.upstream.send(exchange, {
    siteId: target.site,
    bucket: target.bucket,
    body,
    query: { versionId },
    stream: true,
    responseMs: patienceMs,
    signal: exchange.signal,
  })
  if (!speaksForSource(answer)) {
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

/** Names the version as the source does, and leaves out what only replication needs to know. */
function asAtSource({ headers }: WireAnswer, replica: Replica): Record<string, string | undefined> {
  const changed: Record<string, string | undefined> = { 'x-amz-replication-status': undefined }
  for (const name in headers) if (name.startsWith('x-amz-meta-lockstep-')) changed[name] = undefined
  const stamped = headers['x-amz-meta-lockstep-version']
  const versionId = headers['x-amz-version-id']
  if (versionId !== undefined) changed['x-amz-version-id'] = replica.toSource(versionId) ?? stamped
  return changed
}
