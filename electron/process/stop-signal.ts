export interface SignalSource {
  /** Calls back on SIGINT and SIGTERM. */
  readonly onStopSignal: (listener: () => void) => void
  readonly now: () => number
  /** Calls back later, unless the process has ended by then. */
  readonly later: (delayMs: number, call: () => void) => void
  /** Ends the process at once. */
  readonly abandon: (exitCode: number) => void
}

// A terminal's interrupt reaches the whole process group, and npm passes its own copy on: those are one.
const sameSignalMs = 1000
/** Time to hand back what is in flight and to flush: transfers get 2 s of it, clients under way 5 s. */
const stopLimitMs = 20_000
const abandoned = 130

/**
 * Starts something and stops it at the first signal. The process ends where it stands when the signal comes while it still
 * starts, when a second one comes, or when stopping takes longer than 20 s: the journal recovers from that.
 */
export async function runUntilSignal<T extends { stop(): Promise<void> }>(
  { onStopSignal, now, later, abandon }: SignalSource,
  start: () => Promise<T>,
  onReady: (running: T) => void,
): Promise<void> {
  const { promise: signalled, resolve } = Promise.withResolvers<void>()
  let isStarting = true
  let askedAt: number | null = null
  onStopSignal(() => {
    if (isStarting || (askedAt !== null && now() - askedAt > sameSignalMs)) abandon(abandoned)
    if (askedAt === null) later(stopLimitMs, () => abandon(abandoned))
    askedAt ??= now()
    resolve()
  })
  const running = await start()
  isStarting = false
  onReady(running)
  await signalled
  await running.stop()
}

export const processSignals: SignalSource = {
  onStopSignal: (listener) => {
    process.on('SIGINT', listener)
    process.on('SIGTERM', listener)
  },
  now: Date.now,
  later: (delayMs, call) => void setTimeout(call, delayMs).unref(),
  abandon: (exitCode) => process.exit(exitCode),
}
