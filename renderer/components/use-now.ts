import { useSyncExternalStore } from 'react'
import { useConsole, useLive } from '../console-parts.ts'
import { isStale } from '../live.ts'

/**
 * Epoch ms, renewed once a second: the instant to which the screen's ages are reckoned. While the engine is not heard it stands
 * where the last word came, for every number on the screen is of then.
 */
export function useNow(): number {
  const now = useWallClock()
  const live = useLive()
  return isStale(live) && live.asOf !== null ? live.asOf : now
}

/** Epoch ms, renewed once a second, whether anybody is heard or not. */
export function useWallClock(): number {
  const { ticker } = useConsole()
  return useSyncExternalStore(ticker.subscribe, ticker.now)
}
