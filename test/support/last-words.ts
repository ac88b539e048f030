import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

const kept = { tail: 15, fatal: 30 } as const
/** What V8, and Node by itself, say before they end the process; a stack follows. */
const fatal = /^# Fatal error|^FATAL ERROR|Assertion .* failed|^Segmentation fault/

/** From here on vitest speaks, of what it has noticed. */
const epilogue = /Unhandled Errors/

/** Passes a process's stderr on, and keeps what it said before it died: from the last fatal error on, else the last lines. */
export class LastWords {
  #tail: string[] = []
  #fatal: string[] | null = null
  #isOver = false

  listen(stderr: Readable, pass: NodeJS.WritableStream): void {
    stderr.pipe(pass, { end: false })
    createInterface({ input: stderr }).on('line', (line) => this.hear(line))
  }

  hear(line: string): void {
    this.#isOver ||= epilogue.test(line)
    if (this.#isOver) return
    if (fatal.test(line)) this.#fatal = []
    if (this.#fatal !== null && this.#fatal.length < kept.fatal) this.#fatal.push(line)
    if (this.#tail.push(line) > kept.tail) this.#tail.shift()
  }

  get lines(): readonly string[] {
    return this.#fatal ?? this.#tail
  }
}

/** For vitest: notes an error that belongs to no test where the one who started it reads it, see {@link readStrays}. */
export function noteStray(error: { readonly message: string; readonly cause?: unknown }): void {
  const file = process.env['LOCKSTEP_STRAYS']
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(messageOf(error))}\n`)
}

/** vitest wraps the death of a test process, and only the inmost error tells the signal and the file. */
function messageOf({ message, cause }: { readonly message: string; readonly cause?: unknown }): string {
  return cause instanceof Error ? messageOf(cause) : message
}

export function readStrays(file: string): readonly string[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  return lines.map((line) => String(JSON.parse(line)))
}
