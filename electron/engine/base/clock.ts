/** Time as feeds and scans see it: a test winds its own. */
export interface Clock {
  /** Epoch ms. */
  now(): number
  /** Calls `run` once after the delay; the returned function cancels it. */
  after(delayMs: number, run: () => void): () => void
}

/** The machine's clock. Its timers never keep a finished engine alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after the delay; rejects with the signal's reason when that comes first. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal))
      return
    }
    const stop = (): void => {
      cancel()
      reject(reasonOf(signal))
    }
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
  })
}

const reasonOf = (signal: AbortSignal): Error =>
  signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason })
