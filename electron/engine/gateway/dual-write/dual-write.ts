import type { Clock } from '../../base/clock.ts'
import type { Placed } from '../../intake/port.ts'
import type { RuleLink } from '../../rule/link.ts'
import { mayFold } from '../../s3/folded-key.ts'
import type { OutgoingBody } from '../client-body.ts'
import type { Exchange } from '../exchange.ts'
import { chosen, mayDualWrite } from './fitness.ts'
import { TargetWrite } from './target-write.ts'
import { SharedBody } from './shared-body.ts'
import type { TargetBody, DualWriteOptions } from './port.ts'

/**
 * Sends a write to its source and to the targets that it waits for at the same time. Each such target has a task in the journal
 * before it may commit: the task holds the key, so that nothing overtakes the write, and it looks at both sides
 * after a crash, or when the source has not taken what the target has.
 */
export class DualWriter {
  readonly #options: DualWriteOptions

  constructor(options: DualWriteOptions) {
    this.#options = options
  }

  /** null when no target may get the write before the source has answered. */
  begin(exchange: Exchange, body: OutgoingBody, links: readonly RuleLink[]): DualWrite | null {
    const { key, headers, query } = exchange.call
    // Whether the target keeps such a key under its own name is looked at before and after the write: a worker does that.
    if (body.sizeBytes === null || mayFold(key) || !mayDualWrite(headers, query)) return null
    const { facts, isDegraded } = this.#options
    const waiting = links.filter(({ rule }) => rule.ack.policy !== 'async' && !isDegraded(rule.id))
    const fit = chosen(waiting.map((link) => ({ link, facts: facts(link) })))
    return fit.length === 0
      ? null
      : new DualWrite(
          exchange,
          body,
          fit.map(({ link }) => link),
          this.#options,
        )
  }
}

/** One write on its way to several sites. */
export class DualWrite {
  /** For the source. */
  readonly body: OutgoingBody
  readonly #targetWrites: readonly TargetWrite[]
  readonly #options: DualWriteOptions
  #taken = false

  constructor(exchange: Exchange, body: OutgoingBody, links: readonly RuleLink[], options: DualWriteOptions) {
    this.#options = options
    const bodies = shared(body, links, options.clock)
    this.body = bodies.source
    this.#targetWrites = links.map((link, index) => new TargetWrite(exchange, bodies.targets[index]!, link, options))
    void this.#claim(exchange.call.key, body.sizeBytes ?? 0, links)
  }

  /** The source has taken it as this version, and it is in the journal for all links. To be called in that turn. */
  taken(versionId: string | null, placed: readonly Placed[]): void {
    this.#taken = true
    for (const write of this.#targetWrites) {
      const own = placed.find(({ link }) => link.linkId === write.linkId)
      void (own === undefined ? write.refused() : write.taken(versionId, own.seq)).catch(this.#options.onError)
    }
  }

  /** Without {@link taken} the source has not got it, or nobody knows. */
  end(): void {
    if (!this.#taken) for (const write of this.#targetWrites) void write.refused().catch(this.#options.onError)
  }

  /** All tasks in one go. A power cut in the few milliseconds before they are on the disk leaves what only a target took there. */
  async #claim(key: string, sizeBytes: number, links: readonly RuleLink[]): Promise<void> {
    const { intake, clock, onError } = this.#options
    const task = { key, versionId: null, operation: 'put', sizeBytes, changedAt: clock.now(), absentSeenAt: 0 } as const
    const found = links.map((link) => ({ link, task: { linkId: link.linkId, ...task } }))
    try {
      await intake.offer(found, { kind: 'dual-write', committed: (seqs) => this.#start(seqs) })
    } catch (error) {
      for (const write of this.#targetWrites) write.start(null)
      onError(error)
    }
  }

  /** A target whose key is taken is left out: its turn comes by the queue. */
  #start(seqs: readonly number[]): void {
    try {
      this.#targetWrites.forEach((write, index) => write.start(this.#options.queue.claim(seqs[index]!)))
    } catch (error) {
      for (const write of this.#targetWrites) write.start(null)
      this.#options.onError(error)
    }
  }
}

/** A body at hand goes to all as it is; one that streams is shared piece by piece. */
function shared(
  body: OutgoingBody,
  links: readonly RuleLink[],
  clock: Clock,
): { readonly source: OutgoingBody; readonly targets: readonly TargetBody[] } {
  const { body: bytes } = body
  if (bytes === null || bytes instanceof Uint8Array)
    return {
      source: body,
      targets: links.map(() => ({ body: { ...body, expectContinue: false }, leave: () => undefined, left: null })),
    }
  const stallTimeoutMs = Math.min(...links.map(({ rule }) => rule.ack.timeoutMs))
  const pieces = new SharedBody(bytes, stallTimeoutMs, clock)
  const source = { ...body, body: pieces.taker().body }
  const targets = links.map(() => {
    const { body: own, leave, left } = pieces.taker()
    return { body: { ...body, body: own, expectContinue: false }, leave, left }
  })
  return { source, targets }
}
