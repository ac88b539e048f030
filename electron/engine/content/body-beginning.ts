import { sampleBytes } from './looks-random.ts'

/** Keeps the beginning of a body that passes by. */
export class BodyBeginning {
  #pieces: Buffer[] = []
  #length = 0

  /** Pieces in order; the first that is full ends it. */
  add(piece: Uint8Array): void {
    if (this.#length >= sampleBytes) return
    // Copied: the piece may be a view of a buffer that is used again.
    const kept = Buffer.from(piece.subarray(0, sampleBytes - this.#length))
    this.#pieces.push(kept)
    this.#length += kept.length
  }

  /** A body that is sent again begins again. */
  restart(): void {
    this.#pieces = []
    this.#length = 0
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}
