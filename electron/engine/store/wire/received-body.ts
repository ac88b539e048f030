import { Readable } from 'node:stream'

/** What a body needs of its connection. */
export interface BodySource {
  resume(): void
  /** The reader wants no more: a connection with unread bytes is of no use to anyone else. */
  abandon(): void
}

/** The body of an answer, with back-pressure down to the socket. */
export class ReceivedBody extends Readable {
  readonly #source: BodySource
  #complete = false

  constructor(source: BodySource) {
    super()
    this.#source = source
    // Without a listener, a connection that breaks before the reader has begun would end the program.
    // The error is kept by the stream, and thrown to whoever reads it later.
    this.on('error', () => {})
  }

  complete(): void {
    this.#complete = true
    this.push(null)
  }

  override _read(): void {
    if (!this.#complete) this.#source.resume()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#complete) this.#source.abandon()
    callback(error)
  }
}
