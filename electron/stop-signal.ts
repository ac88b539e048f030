export interface SignalSource {
  /** Calls back on SIGINT and SIGTERM. */
  readonly onStopSignal: (listener: () => void) => void
  readonly now: () => number
  /** Ends the process at once. */
  readonly abandon: (exitCode: number) => void
}

// A terminal's interrupt reaches the whole process group, and npm passes its own copy on: those are one.
const sameSignalMs = 1000

/** Resolves at the first signal. A second one ends the process where it stands: the journal recovers from that. */
export function stopSignal({ onStopSignal, now, abandon }: SignalSource): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let askedAt: number | null = null
  onStopSignal(() => {
    if (askedAt !== null && now() - askedAt > sameSignalMs) abandon(130)
    askedAt ??= now()
    resolve()
  })
  return promise
}

export const processSignals: SignalSource = {
  onStopSignal: (listener) => {
    process.on('SIGINT', listener)
    process.on('SIGTERM', listener)
  },
  now: Date.now,
  abandon: (exitCode) => process.exit(exitCode),
}
