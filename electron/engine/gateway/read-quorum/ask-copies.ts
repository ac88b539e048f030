import { customerKeyPrefix } from '../../s3/header-names.ts'
import type { BucketAt } from '../../../../shared/model/rule.ts'
import type { MarkPlace } from '../../replicate/marks/origin.ts'
import type { WireAnswer } from '../../store/wire/request.ts'
import type { HeaderMap } from '../../s3/headers.ts'
import type { OutgoingBody } from '../client-body.ts'
import type { GatewayContext } from '../context.ts'
import type { Exchange } from '../exchange.ts'
import { responseTimeoutMs } from '../operations/read-replica.ts'
import { Query } from '../../s3/query.ts'
import type { Copies, Copy } from '../replicas.ts'
import { gather } from './gather.ts'
import { copyStateOf, type CopyState } from './copy-state.ts'

/** One copy's word. */
export interface Answered {
  /** null: the source. */
  readonly copy: Copy | null
  /** null when the source refuses the request itself: that is the answer, whatever the copies have. */
  readonly state: CopyState | null
  /** What the source has answered to the client's own request. */
  readonly answer: WireAnswer | null
}

/**
 * Asks as many copies as the rule needs, side by side, others in the place of those that do not answer. The source gets the
 * client's own request at once, so that nothing is asked twice where the copies agree.
 */
export function askCopies(
  context: GatewayContext,
  exchange: Exchange,
  { targets, needed }: Copies,
): Promise<readonly Answered[]> {
  const { siteId, replicas } = context
  // What another copy's clients wrote comes to the source as a replica too.
  const back = targets.map(({ link }) => ({ source: link.target, target: link.source }))
  const source = replicas.isOnline(siteId) ? [() => askSource(context, exchange, back)] : []
  return gather([...source, ...targets.map((copy) => () => askTarget(context, exchange, copy))], needed)
}

async function askSource(
  context: GatewayContext,
  exchange: Exchange,
  routes: readonly ReplicaRoute[],
): Promise<Answered | null> {
  const { siteId } = context
  const { bucket } = exchange.call
  const body = await exchange.body.open()
  const answer = await sent(exchange, () =>
    context.upstream.send(exchange, {
      siteId,
      body,
      stream: true,
      responseMs: responseTimeoutMs,
      signal: exchange.signal,
    }),
  )
  if (answer === null || answer.status >= 500) return null
  if (!failsCondition(answer))
    return { copy: null, state: copyStateOf(answer, sealedOn(routes, context, exchange)), answer }
  const state =
    copyStateOf(answer, sealedOn(routes, context, exchange)) ??
    (await ask(context, exchange, { site: siteId, bucket }, routes))
  return state === null ? null : { copy: null, state, answer }
}

/** From which bucket to which a replica may have come. */
type ReplicaRoute = Pick<MarkPlace, 'source' | 'target'>

const sealedOn =
  (routes: readonly ReplicaRoute[], { isSealed }: GatewayContext, { call: { key } }: Exchange) =>
  (headers: HeaderMap): boolean =>
    routes.some(({ source, target }) => isSealed(headers, { source, target, key }))

/** Such an answer depends on what is there, and often does not say what that is. */
const failsCondition = ({ status }: WireAnswer): boolean => status === 304 || status === 412 || status === 416

async function askTarget(context: GatewayContext, exchange: Exchange, copy: Copy): Promise<Answered | null> {
  const state = await ask(context, exchange, copy.link.target, [copy.link])
  return state === null ? null : { copy, state, answer: null }
}

/** A plain HEAD: what is newest there, whatever the client wants of it. */
async function ask(
  context: GatewayContext,
  exchange: Exchange,
  { site, bucket }: BucketAt,
  routes: readonly ReplicaRoute[],
): Promise<CopyState | null> {
  const { call, signal } = exchange
  const headers = Object.fromEntries(
    Object.entries(call.headers).filter(([name]) => name.startsWith(customerKeyPrefix)),
  )
  const head = { call: { ...call, operation: 'HeadObject', method: 'HEAD', query: new Query([]), headers } } as const
  const answer = await sent(exchange, () =>
    context.upstream.send(head, {
      siteId: site,
      bucket,
      body: noBody,
      stream: false,
      responseMs: responseTimeoutMs,
      signal,
    }),
  )
  return answer === null ? null : copyStateOf(answer, sealedOn(routes, context, exchange))
}

/** Without the client's key no site says anything of an object that is encrypted with it. */
const noBody: OutgoingBody = { body: null, sizeBytes: null, expectContinue: false, checksums: new Map(), trailing: [] }

/** null for a copy that cannot be reached; throws when it is the client that went away. */
async function sent(exchange: Exchange, send: () => Promise<WireAnswer>): Promise<WireAnswer | null> {
  try {
    return await send()
  } catch (error) {
    if (exchange.signal.aborted) throw error
    return null
  }
}
