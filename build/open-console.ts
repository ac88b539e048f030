import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import path from 'node:path'
import { readConfigFile } from '../electron/engine/config/config-file.ts'
import { demoControlAt } from '../electron/desktop/demo-control.ts'
import { memoryCredentials } from '../electron/secrets/memory-credentials.ts'
import { serve, type Serving } from '../electron/serve/serve.ts'
import { processSignals, runUntilSignal } from '../electron/process/stop-signal.ts'
import { processStrays, watchStrayErrors } from '../electron/process/stray-errors.ts'
import { version } from '../electron/process/version.ts'
import { hasDesktop, openBrowser } from './desktop.ts'
import { findElectron } from './find-electron.ts'

export interface ConsoleFlags {
  /** Use the browser even where Electron is there. */
  readonly browser: boolean
  /** Only print the address. */
  readonly open: boolean
  readonly port: number
  readonly data: string | null
}

export interface ConsolePlace {
  readonly root: string
  /** null in Electron means its own folder for user data. */
  readonly dataDir: string | null
  readonly browserDataDir: string
  readonly configFile: string | null
  readonly demo: { readonly url: string; readonly targetSite: string } | null
}

export function consoleFlags(args: readonly string[]): ConsoleFlags {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      browser: { type: 'boolean', default: false },
      open: { type: 'boolean', default: true },
      port: { type: 'string', default: '0' },
      data: { type: 'string' },
    },
  })
  return { browser: values.browser, open: values.open, port: Number(values.port), data: values.data ?? null }
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
// An Electron that ends this soon and in error could not start at all, as under root or without user namespaces.
const failedStartMs = 5000

/** Opens the console in Electron, or else in the browser, and resolves when it is closed. */
export async function openConsole(place: ConsolePlace, flags: ConsoleFlags): Promise<number> {
  const environment = process.env
  if (flags.browser || !flags.open) return await serveConsole(place, flags)
  if (!hasDesktop(process.platform, environment)) {
    say('There is no display here, so the console is served on this machine only.')
    return await serveConsole(place, { ...flags, open: false })
  }
  const electron = await findElectron({ root: place.root, environment, say })
  if (electron !== null && (await runElectron(electron, place))) return 0
  say(
    `Electron ${electron === null ? 'could not be fetched' : 'cannot start'} here, so the console opens in the browser.`,
  )
  return await serveConsole(place, flags)
}

/** True when it ran; false when it could not start. */
function runElectron(electron: string, { root, dataDir, configFile, demo }: ConsolePlace): Promise<boolean> {
  const args = [
    root,
    ...(dataDir === null ? [] : [`--data=${dataDir}`]),
    ...(configFile === null ? [] : [`--config=${configFile}`]),
    ...(demo === null ? [] : [`--demo=${demo.url}`]),
  ]
  const startedAt = Date.now()
  const child = spawn(electron, args, { stdio: ['ignore', 'inherit', 'ignore'] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.on('error', () => resolve(false))
    child.on('exit', (code) => resolve(code === 0 || Date.now() - startedAt > failedStartMs))
  })
}

async function serveConsole(place: ConsolePlace, flags: ConsoleFlags): Promise<number> {
  const ready = (serving: Serving): void => {
    say(`Lockstep’s console: ${serving.consoleUrl}`)
    // The printed link stays good: the browser gets one of its own.
    if (flags.open) openBrowser(process.platform, serving.newConsoleUrl())
  }
  let running: Serving | null = null
  watchStrayErrors(processStrays, {
    log: say,
    note: (fault) => running?.engine.noteStray(fault),
    end: ({ message }) => {
      say(`Lockstep ends because of an error of its own: ${message} Start it again: it goes on from its journal.`)
      process.exit(70)
    },
  })
  await runUntilSignal(processSignals, async () => (running = await startServing(place, flags)), ready)
  return 0
}

async function startServing(place: ConsolePlace, flags: ConsoleFlags): Promise<Serving> {
  const { startEngine } = await import('../electron/engine/engine.ts')
  const { demo } = place
  return await serve({
    startEngine,
    config: place.configFile === null ? null : await readConfigFile(place.configFile),
    dataDir: place.dataDir ?? place.browserDataDir,
    rendererDir: path.join(place.root, 'out/renderer'),
    host: '127.0.0.1',
    port: flags.port,
    credentials: demo === null ? { kind: 'made-here' } : memoryCredentials(),
    demo: demo === null ? null : demoControlAt(demo.url, demo.targetSite),
    environment: process.env,
    version,
    log: () => undefined,
    say,
  })
}
