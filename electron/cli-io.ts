/** Everything the command line touches outside itself. */
export interface CliIo {
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
  readonly delay: (delayMs: number) => Promise<void>
  /** Calls back on SIGINT and SIGTERM. */
  readonly onStopSignal: (listener: () => void) => void
  /** Ends the process at once, for a second signal. */
  readonly abandon: (exitCode: number) => void
  /** Folder of the built console. */
  readonly rendererDir: string
  readonly version: string
}

/** The exit codes, the same for every command. `no`: answered, and the answer is no. `unknown`: could not be answered. */
export const exitCodes = { yes: 0, no: 1, unknown: 2 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
