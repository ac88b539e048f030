import { FaultError, type FaultCode } from '../../../../shared/model/fault.ts'
import type { Change } from '../../feed/port.ts'
import type { WireAnswer } from '../../store/wire/request.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { TogetherWrite } from '../together/together.ts'
import type { Exchange, GatewayWorld, Reply } from '../exchange.ts'
import type { Passage } from '../upstream.ts'
import { S3Error } from '../protocol/s3-error.ts'

/** What a write was about, before the site has answered: enough to know which rules want it. */
export interface Intended extends Pick<Change, 'key' | 'operation'> {
  /** Of a purge, which names its version itself. */
  readonly versionId?: string | null
}

export interface Write extends Pick<Passage, 'body'> {
  readonly intended: readonly Intended[]
  /** The changes that the site's answer tells of; [] when it tells of a refusal. */
  readonly changes: (answer: WireAnswer) => readonly Omit<Change, 'siteId' | 'bucket'>[]
  readonly headers?: Passage['headers']
  readonly responseMs?: number | undefined
  /** Begins to send it to targets at the same time; null when all must wait for the source. */
  readonly together?: (links: readonly RuleLink[]) => TogetherWrite | null
}

/**
 * Sends a write on, and answers when its rules' promises are kept. Nothing is sent while the journal cannot be written;
 * what the site has taken is in the journal before the client hears of it.
 */
export async function write(world: GatewayWorld, exchange: Exchange, what: Write): Promise<Reply> {
  const { siteId, upstream, intake } = world
  const { bucket } = exchange.call
  const links = what.intended.flatMap((one) => intake.linksFor({ ...one, siteId, bucket }))
  const wanted = links.length > 0
  if (wanted) refuseUnlessDurable(world)
  const { headers = {}, responseMs, intended, changes } = what
  const together = what.together?.(links) ?? null
  const body = together?.body ?? what.body
  try {
    const answer = await sent(world, exchange, intended, () =>
      // The client's going away must not end a write that has all its bytes: whether it was stored has to be known.
      // Only an answer that takes its time begins early, with spaces that keep the connection: the others are short.
      upstream.send(exchange, { siteId, body, headers, responseMs, stream: !wanted && responseMs !== undefined }),
    )
    return wanted ? await confirmed(world, exchange, answer, changes(answer), together) : { answer }
  } finally {
    together?.end()
  }
}

function refuseUnlessDurable({ journalFault }: GatewayWorld): void {
  const fault = journalFault()
  if (fault === null) return
  throw new S3Error('ServiceUnavailable', {
    message:
      'Nothing was written: the replication journal cannot be written, so that replication could not be promised.',
  })
}

/** A connection that broke may have left the write behind: whatever is current there is brought to the targets. */
async function sent(
  world: GatewayWorld,
  exchange: Exchange,
  intended: readonly Intended[],
  send: () => Promise<WireAnswer>,
): Promise<WireAnswer> {
  try {
    return await send()
  } catch (error) {
    const mayBeStored = exchange.body.fault === null && !neverSent(error)
    if (mayBeStored) await place(world, exchange, intended.map(unknownVersion(world))).catch(() => [])
    throw error
  }
}

const notConnected: ReadonlySet<FaultCode> = new Set(['DNS_FAILED', 'CONNECT_REFUSED', 'CONNECT_TIMEOUT', 'TLS_FAILED'])
const neverSent = (error: unknown): boolean => error instanceof FaultError && notConnected.has(error.fault.code)

const unknownVersion =
  ({ now }: GatewayWorld) =>
  ({ key, operation, versionId = null }: Intended): Omit<Change, 'siteId' | 'bucket'> => ({
    key,
    operation,
    versionId,
    sizeBytes: null,
    changedAt: now(),
  })

async function confirmed(
  world: GatewayWorld,
  exchange: Exchange,
  answer: WireAnswer,
  changes: readonly Omit<Change, 'siteId' | 'bucket'>[],
  together: TogetherWrite | null,
): Promise<Reply> {
  if (changes.length === 0) return { answer }
  const placed = await place(world, exchange, changes).catch((cause: unknown) => {
    throw new S3Error('ReplicationNotConfirmed', { cause, headers: { 'x-lockstep-acks': '1/?' } })
  })
  if (placed.length === 0) return { answer }
  together?.taken(changes[0]!.versionId, placed)
  const { confirmed, acks } = await world.acks.confirm(placed, exchange.signal)
  if (!confirmed) throw new S3Error('ReplicationNotConfirmed', { headers: { 'x-lockstep-acks': acks } })
  return { answer, acks }
}

function place(
  { intake, siteId }: GatewayWorld,
  { call: { bucket } }: Exchange,
  changes: readonly Omit<Change, 'siteId' | 'bucket'>[],
): ReturnType<GatewayWorld['intake']['place']> {
  return intake.place(changes.map((change) => ({ ...change, siteId, bucket })))
}
