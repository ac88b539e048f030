import { FaultError, type FaultCode } from '../../../../shared/model/fault.ts'
import type { Rule } from '../../../../shared/model/rule.ts'
import type { Change } from '../../feed/port.ts'
import type { Placed } from '../../intake/port.ts'
import type { WireAnswer } from '../../store/wire/request.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { DualWrite } from '../dual-write/dual-write.ts'
import type { GatewayContext } from '../context.ts'
import type { Exchange, Reply } from '../exchange.ts'
import type { Passage } from '../upstream.ts'
import type { CallHeaders } from '../protocol/read-call.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { refuseCustomerKey } from './customer-key.ts'

/** What a write was about, before the site has answered: enough to know which rules want it. */
export interface Intended extends Pick<Change, 'key' | 'operation'> {
  /** Of a purge, and of a change to an older version: what names its version itself. */
  readonly versionId?: string | null
}

export interface Write extends Pick<Passage, 'body'> {
  readonly intended: readonly Intended[]
  /** The changes that the site's answer tells of; [] when it tells of a refusal. */
  readonly changes: (answer: WireAnswer) => readonly Omit<Change, 'siteId' | 'bucket'>[]
  readonly headers?: Passage['headers']
  readonly responseMs?: number | undefined
  /** Begins to send it to targets at the same time; null when all must wait for the source. */
  readonly dualWrite?: (links: readonly RuleLink[]) => DualWrite | null
}

/**
 * Sends a write on, and answers when its rules' promises are kept. Nothing is sent while the journal cannot be written;
 * what the site has taken is in the journal before the client hears of it.
 */
export async function write(context: GatewayContext, exchange: Exchange, what: Write): Promise<Reply> {
  const { siteId, upstream, intake } = context
  const { bucket } = exchange.call
  const links = what.intended.flatMap((one) => intake.linksFor({ ...one, siteId, bucket }))
  const wanted = links.length > 0
  refuseCustomerKey(exchange.call.headers, links, context)
  if (wanted) refuseUnlessDurable(context)
  refuseHeldDeletes(context, what.intended, links)
  const { headers = {}, responseMs, intended, changes } = what
  const dualWrite = what.dualWrite?.(links) ?? null
  const body = dualWrite?.body ?? what.body
  try {
    const answer = await sent(context, exchange, intended, () =>
      // The client's going away must not end a write that has all its bytes: whether it was stored has to be known.
      // Only an answer that takes its time begins early, with spaces that keep the connection: the others are short.
      upstream.send(exchange, { siteId, body, headers, responseMs, stream: !wanted && responseMs !== undefined }),
    )
    return wanted ? await confirmed(context, exchange, answer, changes(answer), dualWrite) : { answer }
  } finally {
    dualWrite?.end()
  }
}

function refuseUnlessDurable({ journalFault }: GatewayContext): void {
  const fault = journalFault()
  if (fault === null) return
  throw new S3Error('ServiceUnavailable', {
    message:
      'Nothing was written: the replication journal cannot be written, so that replication could not be promised.',
  })
}

/** Repeating such a delete would not help: it waits for an operator, so the answer is none that clients repeat. */
function refuseHeldDeletes(context: GatewayContext, intended: readonly Intended[], links: readonly RuleLink[]): void {
  const held = intended.some(isDelete) ? heldRule(context, links) : null
  if (held === null) return
  const message =
    `Nothing was deleted: the brake has stopped rule ${held.id} after a burst of changes, and it promises that deletes ` +
    'reach its targets. Do not repeat this before an operator has looked and resumed the rule.'
  throw new S3Error('ReplicationHeld', { message })
}

const isDelete = ({ operation }: Pick<Change, 'operation'>): boolean =>
  operation === 'deleteMarker' || operation === 'deleteVersion'

/** A rule that must not answer before its targets have the change, and cannot bring it there now. */
const heldRule = ({ stoppedByBrake }: GatewayContext, links: readonly RuleLink[]): Rule | null =>
  links.find(({ rule }) => rule.ack.policy !== 'async' && rule.ack.onTimeout === 'fail' && stoppedByBrake(rule))
    ?.rule ?? null

/** A connection that broke may have left the write behind: whatever is current there is brought to the targets. */
async function sent(
  context: GatewayContext,
  exchange: Exchange,
  intended: readonly Intended[],
  send: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  try {
    return await send()
  } catch (error) {
    const mayBeStored = exchange.body.fault === null && !neverSent(error)
    if (mayBeStored) await place(context, exchange, intended.map(unknownVersion(context))).catch(() => [])
    throw error
  }
}

const notConnected: ReadonlySet<FaultCode> = new Set(['DNS_FAILED', 'CONNECT_REFUSED', 'CONNECT_TIMEOUT', 'TLS_FAILED'])
const neverSent = (error: unknown): boolean => error instanceof FaultError && notConnected.has(error.fault.code)

const unknownVersion =
  ({ now }: GatewayContext) =>
  ({ key, operation, versionId = null }: Intended): Omit<Change, 'siteId' | 'bucket'> => ({
    key,
    operation,
    versionId,
    sizeBytes: null,
    changedAt: now(),
  })

async function confirmed(
  context: GatewayContext,
  exchange: Exchange,
  answer: WireAnswer,
  changes: readonly Omit<Change, 'siteId' | 'bucket'>[],
  dualWrite: DualWrite | null,
): Promise<Reply> {
  if (changes.length === 0) return { answer }
  const placed = await place(context, exchange, changes).catch((cause: unknown) => {
    throw new S3Error('ReplicationNotConfirmed', { cause, headers: { 'x-lockstep-acks': '1/?' } })
  })
  if (placed.length === 0) return { answer }
  dualWrite?.taken(changes[0]!.versionId, placed)
  if (changes.some(isDelete)) tellOfHeldDeletes(context, placed)
  const { confirmed, acks, refusal } = await context.acks.confirm(placed, exchange.signal)
  const headers = { 'x-lockstep-acks': acks }
  if (refusal !== null) throw new S3Error('ReplicationRefused', { message: refusal, headers })
  if (!confirmed) throw new S3Error('ReplicationNotConfirmed', { headers })
  return { answer, acks }
}

/** The delete that trips the brake is done at the source by then, and waits for an operator on its way to the targets. */
function tellOfHeldDeletes(context: GatewayContext, placed: readonly Placed[]): void {
  const held = heldRule(
    context,
    placed.map(({ link }) => link),
  )
  if (held === null) return
  const message =
    `Deleted at the source; the brake has stopped rule ${held.id} after a burst of deletes, so the targets keep the ` +
    'object until an operator has looked and resumed the rule. Do not repeat it: nothing more would happen.'
  throw new S3Error('ReplicationHeld', { message, headers: { 'x-lockstep-acks': '1/?' } })
}

function place(
  { intake, siteId }: GatewayContext,
  { call: { bucket, headers } }: Exchange,
  changes: readonly Omit<Change, 'siteId' | 'bucket'>[],
): Promise<readonly Placed[]> {
  const bypass = bypassesGovernance(headers) ? ({ bypassGovernance: true } as const) : {}
  return intake.offer(
    changes.map((change) => ({ ...change, siteId, bucket, ...bypass })),
    { kind: 'client' },
  )
}

/** Only with the right to it does a request that says so come here; what is placed of it, the source has carried out. */
const bypassesGovernance = (headers: CallHeaders): boolean =>
  headers['x-amz-bypass-governance-retention']?.toLowerCase() === 'true'
