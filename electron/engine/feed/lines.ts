import { fault, FaultError } from '../../../shared/model/fault.ts'

const newline = 10

/** Cuts a byte stream into lines, at most `limitBytes` long; a longer one is refused, or it would fill the memory. */
export class LineSplitter {
  readonly #limitBytes: number
  #rest: Buffer[] = []
  #restBytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  /** The lines that this chunk completes, without blank ones. */
  push(chunk: Buffer): readonly string[] {
    const lines: string[] = []
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = this.#complete(chunk.subarray(start, end))
      if (line !== '') lines.push(line)
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    return lines
  }

  #complete(end: Buffer): string {
    this.#keep(end)
    const line = (this.#rest.length === 1 ? this.#rest[0]! : Buffer.concat(this.#rest)).toString('utf8').trim()
    this.#rest = []
    this.#restBytes = 0
    return line
  }

  #keep(part: Buffer): void {
    this.#restBytes += part.length
    if (this.#restBytes > this.#limitBytes) {
      throw new FaultError(
        fault('RESPONSE_UNREADABLE', `A line of the event stream is longer than ${this.#limitBytes} bytes.`),
      )
    }
    this.#rest.push(part)
  }
}
