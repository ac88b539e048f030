import './zod-jitless.ts'
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './theme/console.css'
import './theme/content.css'
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { bridgeName, type Bridge } from '../shared/api/bridge.ts'
import { createTicker } from './components/ticker.ts'
import { ConsoleContext, type ConsoleParts } from './console-parts.ts'
import { startLive } from './live.ts'
import { createPreferences } from './preferences.ts'
import { createQueries, createQueryClient } from './queries.ts'
import { createConsoleRouter } from './routes.tsx'
import { theme } from './theme/theme.ts'
import { connect } from './transport.ts'

const clock = {
  now: () => Date.now(),
  setTimeout: (run: () => void, delayMs: number) => window.setTimeout(run, delayMs),
  clearTimeout: (id: number) => window.clearTimeout(id),
  setInterval: (run: () => void, everyMs: number) => window.setInterval(run, everyMs),
  clearInterval: (id: number) => window.clearInterval(id),
}

function start(): void {
  const bridge = (window as { readonly [bridgeName]?: Bridge })[bridgeName] ?? null
  const client = connect(bridge)
  const queryClient = createQueryClient()
  const queries = createQueries(client)
  const parts: ConsoleParts = {
    client,
    queries,
    live: startLive(client, queryClient, queries, clock),
    ticker: createTicker(clock),
    preferences: createPreferences(window.localStorage),
    platform: bridge?.platform ?? 'web',
  }
  createRoot(document.getElementById('root')!).render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <ConsoleContext value={parts}>
            <Notifications position="bottom-right" limit={4} />
            <RouterProvider router={createConsoleRouter()} />
          </ConsoleContext>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  )
}

start()
