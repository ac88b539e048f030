import { Readable } from 'node:stream'
import type { Pumped, TakePiece } from '../../s3/pumped.ts'

/** What a body needs of its connection. */
export interface BodySource {
  resume(): void
  /** The reader wants no more: a connection with unread bytes is of no use to anyone else. */
  abandon(): void
}

interface Pump {
  readonly take: TakePiece
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** The body of an answer, with back-pressure down to the socket: pumped, or read as any stream, which copies it. */
export class ReceivedBody extends Readable implements Pumped {
  readonly #source: BodySource
  #mode: 'undecided' | 'stream' | 'pump' = 'undecided'
  /** Copies of what came before anyone asked, or while a piece was being taken. */
  #early: Buffer[] = []
  #pump: Pump | null = null
  #taking = false
  #pumped = false
  #complete = false
  #release: (() => void) | null = null

  constructor(source: BodySource) {
    super()
    this.#source = source
    // Without a listener, a connection that breaks before the reader has begun would end the program.
    // The error is kept by the stream, and thrown to whoever reads it later.
    this.on('error', () => {})
  }

  /** False: no more for now. The piece's memory may be used again when no piece is being taken. */
  accept(piece: Buffer): boolean {
    if (this.#mode === 'stream') return this.push(Buffer.from(piece))
    if (this.#pump === null || this.#taking) {
      this.#early.push(Buffer.from(piece))
      return false
    }
    this.#hand(piece, this.#pump)
    return !this.#taking
  }

  /** The last piece was accepted. `release` is called as soon as its memory may be used again. */
  complete(release: () => void): void {
    this.#complete = true
    if (this.#taking) this.#release = release
    else release()
    if (this.#mode === 'stream') this.push(null)
    else this.#go()
  }

  pump(take: TakePiece): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#mode !== 'undecided') return reject(new Error('a body is read once'))
      this.#mode = 'pump'
      this.#pump = { take, resolve, reject }
      if (this.destroyed) return reject(this.errored ?? new Error('the body was given up'))
      this.#go()
    })
  }

  override _read(): void {
    if (this.#mode === 'undecided') {
      this.#mode = 'stream'
      for (const piece of this.#early.splice(0)) this.push(piece)
      if (this.#complete) this.push(null)
    }
    if (!this.#complete) this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#complete) this.#source.abandon()
    // Given up after its end, as every body is whose reader cleans up behind itself: an error for each would be dear.
    if (!this.#pumped) this.#pump?.reject(error ?? new Error('the body was given up'))
    callback(error)
  }

  /** Hands on what waits; then asks for more, or ends. */
  #go(): void {
    if (this.#pump === null) return
    while (!this.#taking && this.#early.length > 0) this.#hand(this.#early.shift()!, this.#pump)
    if (this.#taking || this.destroyed) return
    if (this.#complete) {
      this.#pumped = true
      this.#pump.resolve()
    } else this.#source.resume()
  }

  #hand(piece: Uint8Array, { take }: Pump): void {
    try {
      const taken = take(piece)
      if (taken === undefined) return
      this.#taking = true
      taken.then(
        () => this.#taken(),
        (error: unknown) => this.#refused(error),
      )
    } catch (error) {
      this.#refused(error)
    }
  }

  #taken(): void {
    this.#taking = false
    this.#release?.()
    this.#release = null
    this.#go()
  }

  #refused(error: unknown): void {
    this.#taking = false
    this.#release?.()
    this.#release = null
    this.#pump?.reject(error)
    this.destroy()
  }
}
