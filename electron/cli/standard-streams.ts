import type { CliIo } from './io.ts'

/**
 * Stdout and stderr, which outlive their readers: `lockstep status | head`, or a service whose log is no longer collected. A
 * line that nobody can read is dropped; an unheard error of a stream would end the process, or be logged to that very stream for ever.
 * `lost` tells why an answer could not be written though somebody wants it, such as a full disk under `> file`.
 */
export function standardStreams(
  stdout: NodeJS.WritableStream,
  stderr: NodeJS.WritableStream,
): Pick<CliIo, 'out' | 'err' | 'lost'> {
  let lost: string | null = null
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') lost ??= error.message
  })
  // Nothing is left to tell it to.
  stderr.on('error', () => undefined)
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    lost: () => lost,
  }
}
