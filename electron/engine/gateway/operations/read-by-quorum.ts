/*
 * Read quorum: asks as many copies as the rule needs, answers with the newest and repairs those that are stale. The parts are in
 * `read-quorum/`; called for GET and HEAD of rules whose reads are consistent.
 */

import type { GatewayContext } from '../context.ts'
import type { Exchange, Reply } from '../exchange.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { askCopies, type Answered } from '../read-quorum/ask-copies.ts'
import { resolveNewest, type Holder, type NewestVersion } from '../read-quorum/resolve-newest.ts'
import { repair } from '../read-quorum/read-repair.ts'
import type { Copies } from '../replicas.ts'
import { fromReplicas, responseTimeoutMs } from './read-replica.ts'

/**
 * GetObject and HeadObject from the newest of the copies. So many are asked that every write that was answered with success
 * is at one of them; without so many answers there is none: what is given is never older than what was acknowledged.
 */
export async function readByQuorum(context: GatewayContext, exchange: Exchange, copies: Copies): Promise<Reply> {
  const answered = await askCopies(context, exchange, copies)
  const own = answered.find(({ copy }) => copy === null)
  // The request is at fault, or the rights: no copy would do it better.
  if (own?.answer && own.state === null) return { answer: own.answer }
  try {
    refuseUnlessEnough(answered, copies)
    const verdict = await resolveNewest(context, exchange, answered)
    const reply = await replyFrom(context, exchange, verdict, own)
    repair(context, exchange, copies, verdict)
    return reply
  } catch (error) {
    own?.answer?.stream?.destroy()
    throw error
  }
}

function refuseUnlessEnough(answered: readonly Answered[], { needed, count }: Copies): void {
  const said = `${answered.length} of ${count} copies answered, and this read needs ${needed}`
  if (answered.length < needed) throw refusal(`${said}: the newest version cannot be told, so none is given.`)
  // A promise that was not kept (a degraded rule) or that was another before: then only the journal knows who has all.
  if (answered.some(({ copy }) => copy === null || copy.isSettled)) return
  throw refusal(`The source does not answer, and every copy that does is behind it.`)
}

const refusal = (message: string): S3Error => new S3Error('ReadQuorumNotReached', { message })

/** That nobody knows of a key does not prove that the source does not. */
const notGiven = (holders: readonly Holder[]): string =>
  holders.some(({ versionId }) => versionId !== null)
    ? 'The copy that has the newest version does not give it now.'
    : 'The source does not answer, and no copy that does knows of the key: whether it is there cannot be told.'

async function replyFrom(
  context: GatewayContext,
  exchange: Exchange,
  { holders }: NewestVersion,
  own: Answered | undefined,
): Promise<Reply> {
  const { siteId, upstream } = context
  const holder = holders.find(({ copy }) => copy === null)
  if (holder !== undefined && own?.answer) {
    if (holder.versionId === own.state?.versionId) return { answer: own.answer }
    // It was overwritten since: what is there now is asked for.
    own.answer.stream?.destroy()
    const body = await exchange.body.open()
    return {
      answer: await upstream.send(exchange, {
        siteId,
        body,
        stream: true,
        responseMs: responseTimeoutMs,
        signal: exchange.signal,
      }),
    }
  }
  const reply = await fromReplicas(
    context,
    exchange,
    holders.flatMap(({ copy }) => (copy === null ? [] : [copy])),
  )
  if (reply === null) throw refusal(notGiven(holders))
  own?.answer?.stream?.destroy()
  return reply
}
