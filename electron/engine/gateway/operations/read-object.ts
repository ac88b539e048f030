import type { WireAnswer } from '../../store/wire/request.ts'
import type { GatewayContext, GatewayOperation } from '../context.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { readByQuorum } from './read-by-quorum.ts'
import { fromReplicas, responseTimeoutMs } from './read-replica.ts'

/** GetObject and HeadObject: where the rule of the key says; one version that is asked for by name, where it is. */
export const readObject: GatewayOperation = async (context, exchange) => {
  const { bucket, key, query } = exchange.call
  const versionId = query.get('versionId')
  if (versionId !== undefined) return readVersion(context, exchange, versionId)
  const copies = context.replicas.copies(context.siteId, bucket, key)
  return copies === null ? readSource(context, exchange) : readByQuorum(context, exchange, copies)
}

/** From the source; while it is away, from a target that has all that was acknowledged of the key. */
async function readSource(context: GatewayContext, exchange: Exchange): Promise<Reply> {
  const { siteId, replicas } = context
  const { bucket, key } = exchange.call
  if (!replicas.isOnline(siteId)) {
    const reply = await fromReplicas(context, exchange, replicas.of(siteId, bucket, key))
    if (reply !== null) return reply
  }
  const body = await exchange.body.open()
  const ask = (responseMs?: number): Promise<WireAnswer> =>
    context.upstream.send(exchange, { siteId, body, responseMs, stream: true, signal: exchange.signal })
  const spare = replicas.of(siteId, bucket, key)
  if (spare.length === 0) return { answer: await ask() }
  const answer = await ask(responseTimeoutMs).catch((error: unknown) =>
    exchange.signal.aborted ? Promise.reject(error) : error,
  )
  if (isAnswer(answer) && answer.status < 500) return { answer }
  // Asked again: what was acknowledged while the source was being waited for counts too.
  const reply = await fromReplicas(context, exchange, replicas.of(siteId, bucket, key))
  if (reply !== null) return reply
  if (isAnswer(answer)) return { answer }
  throw answer
}

/** As the rest; but a version that is on its way to the source, or that the source has lost, is where it is. */
async function readVersion(context: GatewayContext, exchange: Exchange, versionId: string): Promise<Reply> {
  const { siteId, replicas } = context
  const { bucket, key } = exchange.call
  // Before the source is asked: by the time it says no, the version may have arrived.
  const holders = replicas.holdersOf(siteId, bucket, key, versionId)
  const reply = await readSource(context, exchange)
  if (holders.length === 0 || !saysUnknown(reply.answer)) return reply
  const found = await fromReplicas(context, exchange, holders)
  if (found !== null) reply.answer.stream?.destroy()
  return found ?? reply
}

/** An id that a site does not know it may also take for one that is no id at all. */
const saysUnknown = ({ status, headers }: Reply['answer']): boolean =>
  (status === 404 || status === 400) && headers['x-amz-delete-marker'] !== 'true'

const isAnswer = (value: unknown): value is WireAnswer =>
  typeof value === 'object' && value !== null && 'status' in value && 'bytes' in value
