import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { chromium, _electron as electron, type Browser, type Page } from 'playwright-core'
import { installedElectron } from '../../build/find-electron.ts'
import { freePort } from '../support/ports.ts'
import { eventually } from '../support/eventually.ts'

export const drivers = ['loopback', 'electron-stand-in', 'electron'] as const
export type Driver = (typeof drivers)[number]

export interface LaunchOptions {
  readonly driver: Driver
  readonly dataDir: string
  readonly configFile?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface Launched {
  readonly page: Page
  /** What the browser complained of since it was joined: a console in order leaves this empty. */
  readonly complaints: readonly string[]
  /** Asks the program to quit and waits until it has. Returns its exit code. */
  readonly close: () => Promise<number | null>
}

export interface Served extends Launched {
  /** The link that `serve` printed; this page has used it. */
  readonly link: string
  /** Ends the engine at once and leaves the page open. */
  readonly kill: () => Promise<void>
  /** Starts an engine on the same data, as `serve` was started; resolves with the link that it printed. */
  readonly startAgain: () => Promise<string>
}

const root = path.resolve(import.meta.dirname, '../..')
const chromiumPath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const startLimitMs = 30_000

/** The drivers that can run here: the real program only where its binary is, and a display to show it on. */
export function driversHere(): readonly Driver[] {
  const real = installedElectron(root, process.env) !== null && (process.env['DISPLAY'] ?? '') !== ''
  return drivers.filter((driver) => driver !== 'electron' || real)
}

/** Opens the built console on an engine of its own. The same tests run on every driver. */
export function launch(options: LaunchOptions): Promise<Launched> {
  return launchers[options.driver](options)
}

const launchers: Readonly<Record<Driver, (options: LaunchOptions) => Promise<Launched>>> = {
  loopback: launchLoopback,
  'electron-stand-in': launchStandIn,
  electron: launchElectron,
}

function desktopArguments({ dataDir, configFile }: LaunchOptions): readonly string[] {
  return [`--data=${dataDir}`, ...(configFile === undefined ? [] : [`--config=${configFile}`])]
}

/** `lockstep serve`, and its console in a browser of the test's. */
export async function launchLoopback({
  dataDir,
  configFile,
  environment,
}: Omit<LaunchOptions, 'driver'>): Promise<Served> {
  const config = configFile === undefined ? [] : ['--config', configFile]
  const args = ['serve', '--data', dataDir, ...config]
  const start = (): ChildProcess =>
    fork(path.join(root, 'build/lockstep.mjs'), args, { silent: true, env: { ...process.env, ...environment } })
  let child = start()
  const link = await consoleUrl(child)
  const browser = await launchChromium()
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } })
  const page = await context.newPage()
  const complaints = collectComplaints(page)
  await page.goto(link)
  return {
    page,
    complaints,
    link,
    kill: async () => {
      child.kill('SIGKILL')
      await exitCode(child)
    },
    startAgain: () => {
      child = start()
      return consoleUrl(child)
    },
    close: async () => {
      await browser.close()
      child.kill('SIGTERM')
      return await exitCode(child)
    },
  }
}

/** A browser of the test's own, for a console that is served. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, chromiumSandbox: false })
}

/** Gathers uncaught errors and console errors of a page from here on. */
export function collectComplaints(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`${message.text()} (${message.location().url})`)
  })
  return complaints
}

/** Reads the one line that `serve` prints when it is ready. */
async function consoleUrl(child: ChildProcess): Promise<string> {
  let out = ''
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()))
  return await eventually(
    () => {
      if (!out.includes('\n')) throw new Error(`serve is not ready: ${errors}`)
      return String(JSON.parse(out).console)
    },
    { withinMs: startLimitMs },
  )
}

async function launchStandIn(options: LaunchOptions): Promise<Launched> {
  const port = await freePort()
  const child = fork(path.join(root, 'out/main/main.js'), [...desktopArguments(options)], {
    execArgv: ['--import', path.join(root, 'test/support/electron-stand-in/register.ts')],
    env: { ...process.env, STAND_IN_PORT: String(port), ...options.environment },
  })
  const browser = await join(child, port)
  const page = await firstPage(browser).catch((error: unknown) => {
    child.kill()
    throw error
  })
  return {
    page,
    complaints: collectComplaints(page),
    close: async () => {
      if (child.connected) child.send('quit')
      const code = await exitCode(child)
      await browser.close()
      return code
    },
  }
}

/** The test is a second listener on the stand-in’s own Chromium. */
function join(child: ChildProcess, port: number): Promise<Browser> {
  return eventually(
    async () => {
      if (child.exitCode === null) return await chromium.connectOverCDP(`http://127.0.0.1:${port}`)
      throw new Error(`the program ended with ${child.exitCode}`)
    },
    { withinMs: startLimitMs, everyMs: 200 },
  )
}

async function firstPage(browser: Browser): Promise<Page> {
  return await eventually(
    () => {
      const page = browser
        .contexts()
        .flatMap((context) => context.pages())
        .find((page) => page.url().startsWith('file:'))
      if (page === undefined) throw new Error('no window opened')
      return page
    },
    { withinMs: startLimitMs },
  )
}

async function launchElectron(options: LaunchOptions): Promise<Launched> {
  const executablePath = installedElectron(root, process.env)
  if (executablePath === null) throw new Error('Electron’s program is not installed here.')
  const program = await electron.launch({
    executablePath,
    args: [root, ...desktopArguments(options)],
    env: { ...definedEnvironment(), ...options.environment },
  })
  const page = await program.firstWindow()
  const child = program.process()
  return {
    page,
    complaints: collectComplaints(page),
    close: async () => {
      await program.close()
      return await exitCode(child)
    },
  }
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode
}
