import { settled } from '../../replicate/outcomes.ts'
import { pendingStamp } from '../../replicate/marks/origin.ts'
import type { Lease } from '../../queue/port.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { Exchange } from '../exchange.ts'
import { LeftBehind } from './shared-body.ts'
import type { TargetBody, DualWriteOptions } from './port.ts'

/**
 * A write whose connection broke may be under way at the target: so long the key is left alone, as after a failed attempt of a worker.
 * Most of its time the client's promise needs for the next attempt.
 */
const unheardMs = ({ rule }: RuleLink): number => Math.min(1_000, rule.ack.timeoutMs / 4)

/**
 * The way of a write to one target, beside its way to the source. Its lease holds the key at this target from before the first
 * byte until it is known what both sites have.
 */
export class TargetWrite {
  readonly linkId: string
  readonly #exchange: Exchange
  readonly #body: TargetBody
  readonly #link: RuleLink
  readonly #options: DualWriteOptions
  readonly #started: Promise<Lease | null>
  #start!: (lease: Lease | null) => void
  /** The target's id of what it stored; null when it has not, or did not say. */
  #stored: Promise<string | null> = Promise.resolve(null)
  /** The last byte was handed over: the target may have stored it, whatever it answers. */
  #whole = false
  /** Nothing that was sent is under way: it was answered, or has not left whole. */
  #isHeard = true
  #unwanted = false
  #begun = false

  constructor(exchange: Exchange, body: TargetBody, link: RuleLink, options: DualWriteOptions) {
    this.linkId = link.linkId
    this.#exchange = exchange
    this.#body = body
    this.#link = link
    this.#options = options
    this.#started = new Promise((resolve) => (this.#start = resolve))
  }

  /** With the lease of the task that is in the journal by now; null leaves the target to the queue. Counts once. */
  start(lease: Lease | null): void {
    if (this.#begun) return
    this.#begun = true
    if (lease === null || this.#unwanted) this.#body.leave(new LeftBehind('its turn comes by the queue'))
    else this.#stored = this.#send(lease).finally(() => this.#body.leave(new LeftBehind('it has ended')))
    this.#start(lease)
  }

  async refused(): Promise<void> {
    this.#unwanted = true
    this.#body.leave(new LeftBehind('the source has not taken it'))
    const lease = await this.#started
    if (lease === null) return
    await this.#stored
    // Only a look at both sides tells what is where; it removes what the source has not got.
    if (this.#whole || owesALook(lease)) this.#options.queue.release(lease, this.#isHeard)
    else await this.#options.queue.ack(lease, nothing)
  }

  /** `seq`: the task of the version that the source has made of it. */
  async taken(versionId: string | null, seq: number): Promise<void> {
    const lease = await this.#started
    if (lease === null) return
    const { queue, taskEnds, makeUrgent } = this.#options
    const stored = await this.#stored
    const arrived =
      stored !== null && stored !== 'null' && versionId !== null && versionId !== 'null' && seq !== lease.task.seq
    if (!arrived) {
      // What the target may have stored is recognised by the task that wrote it, for as long as that is not settled.
      if (this.#whole || seq === lease.task.seq || owesALook(lease)) queue.release(lease, this.#isHeard)
      else await queue.ack(lease, nothing)
      return makeUrgent(this.#whole ? [lease.task.seq, seq] : [seq])
    }
    const sizeBytes = this.#body.body.sizeBytes ?? 0
    const outcome = {
      ...settled('copied', [{ sourceVersionId: versionId, targetVersionId: stored }]),
      bytes: sizeBytes,
    }
    // Both sites have it: the client need not wait for the journal to have heard of it too.
    taskEnds.tell(seq, { kind: 'settled', did: 'copied' })
    if (owesALook(lease)) {
      queue.release(lease, this.#isHeard)
      return makeUrgent([lease.task.seq, seq])
    }
    // With the end of the task that wrote it, the pair: another task of the key may be next, and must know whose version this is.
    await queue.ack(lease, { ...nothing, learned: outcome.learned })
    await this.#options.settle(seq, outcome)
  }

  async #send(lease: Lease): Promise<string | null> {
    const { upstream, onMoved } = this.#options
    const { target, rule } = this.#link
    try {
      const answer = await upstream.send(this.#exchange, {
        siteId: target.site,
        bucket: target.bucket,
        body: { ...this.#body.body, body: this.#gated() },
        headers: {
          ...this.#stamp(lease),
          'x-amz-acl': undefined,
          ...(rule.storageClass !== null && { 'x-amz-storage-class': rule.storageClass }),
        },
        stream: false,
        // A body that was cut short is stored nowhere; one that left whole may be, and its answer is waited for.
        signal: this.#body.left ?? undefined,
      })
      if (answer.status >= 300) return null
      onMoved(this.linkId, this.#body.body.sizeBytes ?? 0)
      return answer.headers['x-amz-version-id'] ?? null
    } catch {
      // Why is found out by the task of the version, which comes next, and not before a write that is under way has come to lie there.
      this.#isHeard = !this.#whole
      if (this.#whole) await new Promise<void>((resolve) => this.#options.clock.after(unheardMs(this.#link), resolve))
      return null
    }
  }

  /** The wire holds the last piece back until the pieces have ended: here is the last moment to end without a trace. */
  #gated(): Uint8Array | AsyncIterable<Uint8Array> | null {
    const { body } = this.#body.body
    if (body === null || body instanceof Uint8Array) {
      this.#whole = true
      return body
    }
    return this.#untilUnwanted(body)
  }

  async *#untilUnwanted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    yield* pieces
    if (this.#unwanted) throw new LeftBehind('the source has not taken it')
    this.#whole = true
  }

  #stamp({ task: { seq }, attemptId: attempt }: Lease): Record<string, string> {
    const { source, target } = this.#link
    const { newId, clock, seal } = this.#options
    const place = { source, target, key: this.#exchange.call.key }
    const stamp = pendingStamp(newId(), place, clock.now(), this.#body.body.sizeBytes ?? 0, { seq, attempt, seal })
    return Object.fromEntries(Object.entries(stamp).map(([name, value]) => [`x-amz-meta-${name}`, value]))
  }
}

/**
 * The task is older than this write: it waited for a look at both sides, which finds what an earlier write of the key left at the
 * target. Its end must not be this write's.
 */
const owesALook = ({ task }: Lease): boolean => task.revision > 1

/** The end of a task that only held the key. */
const nothing = { bytes: 0, learned: [], forgotten: [], uncounted: true } as const
