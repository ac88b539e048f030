import { createContext, useContext, useSyncExternalStore } from 'react'
import type { Ticker } from './components/ticker.ts'
import type { Live, LiveState } from './live.ts'
import type { Preferences, PreferenceValues } from './preferences.ts'
import type { Queries } from './queries.ts'
import type { Client } from './transport.ts'

/** What every page stands on, built once in `main.tsx`. */
export interface ConsoleParts {
  readonly client: Client
  readonly queries: Queries
  readonly live: Live
  readonly ticker: Ticker
  readonly preferences: Preferences
  /** `darwin`, `win32`, `linux`; `web` in a browser. */
  readonly platform: string
}

export const ConsoleContext = createContext<ConsoleParts | null>(null)

export function useConsole(): ConsoleParts {
  const parts = useContext(ConsoleContext)
  if (parts === null) throw new Error('useConsole needs the ConsoleContext of main.tsx')
  return parts
}

export function useLive(): LiveState {
  const { live } = useConsole()
  return useSyncExternalStore(live.subscribe, live.state)
}

export function usePreferences(): PreferenceValues {
  const { preferences } = useConsole()
  return useSyncExternalStore(preferences.subscribe, preferences.values)
}
