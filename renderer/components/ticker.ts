/** One clock for every relative time on the screen: it ticks once a second while anybody looks. */
export interface Ticker {
  readonly now: () => number
  readonly subscribe: (listener: () => void) => () => void
}

interface TickerClock {
  now(): number
  setInterval(run: () => void, everyMs: number): number
  clearInterval(id: number): void
}

export function createTicker(clock: TickerClock): Ticker {
  const listeners = new Set<() => void>()
  let at = clock.now()
  let running: number | null = null
  const tick = () => {
    at = clock.now()
    for (const listener of listeners) listener()
  }
  return {
    now: () => at,
    subscribe: (listener) => {
      listeners.add(listener)
      if (running === null) {
        at = clock.now()
        running = clock.setInterval(tick, 1000)
      }
      return () => {
        listeners.delete(listener)
        if (listeners.size > 0 || running === null) return
        clock.clearInterval(running)
        running = null
      }
    },
  }
}
