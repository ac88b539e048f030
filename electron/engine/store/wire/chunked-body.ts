import { MalformedResponse } from './response-head.ts'

const longestLine = 8 * 1024

/** Takes the chunked coding off a body (RFC 9112 §7.1); extensions and trailers are read over. */
export class ChunkedBody {
  /** Bytes still to come of the chunk at hand, its closing CRLF not counted. */
  #left = 0
  #line = ''
  #state: 'size' | 'bytes' | 'after-bytes' | 'trailer' | 'done' = 'size'

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Hands decoded pieces to `out`; returns how many bytes of `input` belong to this body (all, until {@link done}). */
  push(input: Buffer, out: (piece: Buffer) => void): number {
    let at = 0
    while (at < input.length && this.#state !== 'done') {
      if (this.#state === 'bytes') {
        const piece = input.subarray(at, at + this.#left)
        at += piece.length
        this.#left -= piece.length
        if (this.#left === 0) this.#state = 'after-bytes'
        out(piece)
        continue
      }
      const newline = input.indexOf(10, at)
      this.#line += input.toString('latin1', at, newline === -1 ? input.length : newline)
      if (this.#line.length > longestLine) throw new MalformedResponse('a chunk line is too long')
      at = newline === -1 ? input.length : newline + 1
      if (newline !== -1) this.#takeLine()
    }
    return at
  }

  #takeLine(): void {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line
    this.#line = ''
    if (this.#state === 'after-bytes') {
      if (line !== '') throw new MalformedResponse('a chunk is longer than its size says')
      this.#state = 'size'
    } else if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done'
    } else {
      const size = /^([0-9a-f]{1,12})[ \t]*(?:;|$)/i.exec(line)?.[1]
      if (size === undefined) throw new MalformedResponse('a chunk has no size')
      this.#left = Number.parseInt(size, 16)
      this.#state = this.#left === 0 ? 'trailer' : 'bytes'
    }
  }
}
