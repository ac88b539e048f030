import type { Clock } from '../../base/clock.ts'

/** This taker kept the others waiting for too long, or nobody wants it to have the rest. */
export class LeftBehind extends Error {
  override readonly name = 'LeftBehind'
}

type BodyStep = IteratorResult<Uint8Array, undefined>

interface BodyTaker {
  /** The others wait for it as long as it takes. */
  readonly first: boolean
  waiting: { readonly resolve: (step: BodyStep) => void; readonly reject: (error: unknown) => void } | null
  gone: Error | null
  readonly left: AbortController
}

/** One taker’s end of the body. */
export interface Share {
  readonly body: AsyncIterable<Uint8Array>
  /** Lets the others go on without it. */
  readonly leave: (why: Error) => void
  /** Ends when it left, or was left behind, before the body had ended for it. */
  readonly left: AbortSignal
}

/**
 * One stream of bytes for several takers: each gets every piece, and the next is read when all have taken the one before.
 * So the slowest sets the pace and nothing gathers in memory; one that stands still for `stallTimeoutMs` is left behind, unless
 * it is the first of them, for whose sake the body is read.
 */
export class SharedBody {
  readonly #pieces: AsyncIterator<Uint8Array>
  readonly #takers = new Set<BodyTaker>()
  readonly #stallTimeoutMs: number
  readonly #clock: Clock
  #reading = false
  #ended = false
  #cancelWatch: (() => void) | null = null

  constructor(pieces: AsyncIterable<Uint8Array>, stallTimeoutMs: number, clock: Clock) {
    this.#pieces = pieces[Symbol.asyncIterator]()
    this.#stallTimeoutMs = stallTimeoutMs
    this.#clock = clock
  }

  /** To be called for all before the first of them reads. */
  taker(): Share {
    const taker: BodyTaker = { first: this.#takers.size === 0, waiting: null, gone: null, left: new AbortController() }
    this.#takers.add(taker)
    const iterator: AsyncIterator<Uint8Array, undefined> = {
      next: () => this.#next(taker),
      return: () => {
        this.#leave(taker, new LeftBehind('gave up reading'))
        return Promise.resolve({ done: true, value: undefined })
      },
    }
    const leave = (why: Error): void => this.#leave(taker, why)
    return { body: { [Symbol.asyncIterator]: () => iterator }, leave, left: taker.left.signal }
  }

  #next(taker: BodyTaker): Promise<BodyStep> {
    if (taker.gone !== null) return Promise.reject(taker.gone)
    return new Promise((resolve, reject) => {
      taker.waiting = { resolve, reject }
      this.#advance()
    })
  }

  #leave(taker: BodyTaker, why: Error): void {
    if (!this.#takers.delete(taker)) return
    taker.gone = why
    taker.waiting?.reject(why)
    taker.waiting = null
    if (!this.#ended) taker.left.abort(why)
    if (this.#takers.size > 0) return this.#advance()
    this.#cancelWatch?.()
    // While a piece is being read nobody may end the reading; it is ended when the piece is there.
    if (!this.#reading) void this.#pieces.return?.().catch(() => undefined)
  }

  #advance(): void {
    if (this.#reading) return
    const waiting = [...this.#takers].filter((taker) => taker.waiting !== null)
    if (waiting.length < this.#takers.size) return this.#watch(waiting.length > 0)
    this.#cancelWatch?.()
    this.#cancelWatch = null
    this.#reading = true
    this.#pieces.next().then(
      (step) => {
        this.#ended = step.done === true
        this.#hand((taker) => taker.resolve(step.done === true ? { done: true, value: undefined } : step))
      },
      (error: unknown) => this.#hand((taker) => taker.reject(error)),
    )
  }

  #hand(give: (waiting: NonNullable<BodyTaker['waiting']>) => void): void {
    this.#reading = false
    if (this.#takers.size === 0) void this.#pieces.return?.().catch(() => undefined)
    for (const taker of this.#takers) {
      const { waiting } = taker
      taker.waiting = null
      if (waiting !== null) give(waiting)
    }
  }

  /** Somebody waits for somebody: not for ever. */
  #watch(somebodyWaits: boolean): void {
    if (!somebodyWaits || this.#cancelWatch !== null) return
    this.#cancelWatch = this.#clock.after(this.#stallTimeoutMs, () => {
      this.#cancelWatch = null
      for (const taker of this.#takers)
        if (taker.waiting === null && !taker.first)
          this.#leave(taker, new LeftBehind(`took no byte for ${this.#stallTimeoutMs} ms`))
    })
  }
}
