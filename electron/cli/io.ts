import type { SignalSource } from '../process/stop-signal.ts'
import type { StraySource } from '../process/stray-errors.ts'

/** Everything the command line touches outside itself. */
export interface CliIo extends SignalSource, StraySource {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  /** Why lines to `out` were not written; null while all were, and when nobody reads them any more. */
  readonly lost: () => string | null
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly delay: (delayMs: number) => Promise<void>
  /** Folder of the built console. */
  readonly rendererDir: string
  readonly version: string
}

/**
 * The exit codes, the same for every command. `no`: answered, and the answer is no. `unknown`: could not be answered. Of `compare`
 * alone: `no` says that the listings differ, and two more that the sides differ first by attributes, or by bytes; `onItsWay` that
 * nothing differs but what waits for a copy.
 */
export const exitCodes = { yes: 0, no: 1, unknown: 2, noByAttributes: 3, noByBytes: 4, onItsWay: 5 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
