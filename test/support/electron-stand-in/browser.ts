import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium, type BrowserContext, type Frame, type Page } from 'playwright-core'
import { invokeBinding } from './page-side.ts'

export type Answer = { readonly value: unknown } | { readonly error: string }
export type Invoke = (page: Page, frame: Frame, channel: string, args: readonly unknown[]) => Promise<Answer>

/** The one Chromium behind all windows, with a port by which the test joins it. */
export interface StandInBrowser {
  readonly context: BrowserContext
  readonly profile: string
  close(): Promise<void>
}

export async function openBrowser(invoke: Invoke): Promise<StandInBrowser> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'lockstep-stand-in-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    headless: process.env['STAND_IN_HEADED'] === undefined,
    viewport: null,
    chromiumSandbox: false,
    args: [
      // A page from a file may load its own module scripts in Electron, but not in plain Chromium.
      '--allow-file-access-from-files',
      `--remote-debugging-port=${process.env['STAND_IN_PORT'] ?? '0'}`,
      '--window-size=1280,860',
      '--disable-background-networking',
      '--password-store=basic',
    ],
  })
  // The binding must be there before any script of a page, hence before the first window adds its preload.
  await context.exposeBinding(invokeBinding, ({ page, frame }, channel: string, args: readonly unknown[]) =>
    invoke(page, frame, channel, args),
  )
  return {
    context,
    profile,
    close: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}
