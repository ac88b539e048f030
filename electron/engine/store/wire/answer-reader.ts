import { ChunkedBody } from './chunked-body.ts'
import { framingOf, MalformedResponse, parseResponseHead, type ResponseHead } from './response-head.ts'

export interface AnswerEvents {
  /** `100 Continue`: the body may follow. */
  proceed(): void
  head(head: ResponseHead): void
  piece(bytes: Buffer): void
  end(): void
}

/** S3 metadata alone may take 8 KiB on some servers; more than this is no S3 answer. */
const longestHeadBytes = 64 * 1024
const blankLine = Buffer.from('\r\n\r\n')

/** Reads one answer out of a connection's bytes. Throws {@link MalformedResponse}. */
export class AnswerReader {
  readonly #method: string
  readonly #events: AnswerEvents
  #state: 'head' | 'body' | 'until-close' | 'done' = 'head'
  #early: Buffer | null = null
  #left = 0
  #chunked: ChunkedBody | null = null

  constructor(method: string, events: AnswerEvents) {
    this.#method = method
    this.#events = events
  }

  /** Not one byte of the answer has come. */
  get silent(): boolean {
    return this.#state === 'head' && this.#early === null
  }

  get beforeHead(): boolean {
    return this.#state === 'head'
  }

  push(input: Buffer): void {
    let rest = input
    while (this.#state === 'head') {
      const from = this.#takeHead(rest)
      if (from === null) return
      rest = from
    }
    this.#takeBody(rest)
  }

  /** The peer closed its side. True when that is a proper end of the answer. */
  close(): boolean {
    if (this.#state !== 'until-close') return false
    this.#finish()
    return true
  }

  /** Returns what follows the head, or null when the head is not complete. */
  #takeHead(input: Buffer): Buffer | null {
    const all = this.#early === null ? input : Buffer.concat([this.#early, input])
    const end = all.indexOf(blankLine)
    if (end === -1) {
      if (all.length > longestHeadBytes) throw new MalformedResponse('the answer’s headers do not end')
      this.#early = this.#early === null ? Buffer.from(all) : all
      return null
    }
    this.#early = null
    const head = parseResponseHead(all.toString('latin1', 0, end))
    const rest = all.subarray(end + 4)
    if (head.status >= 200) this.#startBody(head)
    else if (head.status === 100) this.#events.proceed()
    else if (head.status === 101) throw new MalformedResponse('the answer switches protocols')
    return head.status < 200 && rest.length === 0 ? null : rest
  }

  #startBody(head: ResponseHead): void {
    const framing = framingOf(head, this.#method)
    this.#state = framing.kind === 'until-close' ? 'until-close' : 'body'
    if (framing.kind === 'chunked') this.#chunked = new ChunkedBody()
    if (framing.kind === 'length') this.#left = framing.bytes
    // Ceph 16 ends its chunked answer to HEAD with a last chunk that HEAD must not have: the next answer would begin with it.
    const stray = this.#method === 'HEAD' && head.headers['transfer-encoding'] !== undefined
    this.#events.head(stray ? { ...head, keepAlive: false } : head)
    if (framing.kind === 'length' && framing.bytes === 0) this.#finish()
  }

  #takeBody(input: Buffer): void {
    if (input.length === 0) return
    let used = input.length
    if (this.#state === 'done') used = 0
    else if (this.#state === 'until-close') this.#events.piece(input)
    else if (this.#chunked !== null) {
      used = this.#chunked.push(input, (piece) => this.#events.piece(piece))
      if (this.#chunked.done) this.#finish()
    } else {
      used = Math.min(this.#left, input.length)
      this.#left -= used
      this.#events.piece(used === input.length ? input : input.subarray(0, used))
      if (this.#left === 0) this.#finish()
    }
    // Bytes nobody asked for would be read as the answer to the next request.
    if (used < input.length) throw new MalformedResponse('the answer is longer than it says')
  }

  #finish(): void {
    this.#state = 'done'
    this.#events.end()
  }
}
