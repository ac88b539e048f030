/** Calls back later; returns how to call it off. A delay of 0 means after the input and output that is waiting now. */
export interface Timers {
  after(delayMs: number, call: () => void): () => void
}

export const realTimers: Timers = {
  after(delayMs, call) {
    if (delayMs <= 0) {
      const immediate = setImmediate(call)
      return () => clearImmediate(immediate)
    }
    const timeout = setTimeout(call, delayMs)
    return () => clearTimeout(timeout)
  },
}
