import { chromium, type Browser, type Page } from 'playwright-core'
import { builtConsole } from './console-build.ts'
import { startConsoleHost, type ConsoleHost } from './console-host.ts'
import { createFakeEngine, type FakeEngine } from './fake-engine.ts'
import type { FakeWorld } from './fake-world.ts'

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.LOCKSTEP_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  })
}

export interface OpenConsole {
  readonly page: Page
  readonly engine: FakeEngine
  readonly host: ConsoleHost
  /** What the browser complained of: a page in order leaves this empty. */
  readonly complaints: readonly string[]
  goTo(path: string): Promise<void>
  close(): Promise<void>
}

export interface OpenOptions {
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
  readonly height?: number
}

/** The console in a real browser, on a fake engine behind the real router. */
export async function openConsole(browser: Browser, world: FakeWorld, options: OpenOptions = {}): Promise<OpenConsole> {
  const { colorScheme = 'light', width = 1440, height = 900 } = options
  const engine = createFakeEngine(world)
  const host = await startConsoleHost(engine.api, await builtConsole())
  const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // A refused call answers with an error status, and the browser reports that by itself.
    if (message.type() === 'error' && !message.text().includes('Failed to load resource'))
      complaints.push(message.text())
  })
  return {
    page,
    engine,
    host,
    complaints,
    goTo: async (path) => {
      await page.goto(`${host.url}#/${path}`)
    },
    close: async () => {
      await context.close()
      await host.stop()
    },
  }
}
