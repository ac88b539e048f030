/*
 * Desktop host: Electron's main process. Opens credentials and engine, then window, menu and tray; the console talks to it
 * over IPC.
 */

import { execFile } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { app, type BrowserWindow, dialog, ipcMain, Menu, session, shell } from 'electron'
import { FaultError, type Fault } from '../../shared/model/fault.ts'
import { desktopArguments, type DesktopArguments } from './arguments.ts'
import { startDesktopEngine } from './desktop-engine.ts'
import { renewJournal } from '../engine/renewal/renew-journal.ts'
import type { Engine } from '../engine/composition/options.ts'
import { startIpc } from './ipc.ts'
import { openLogFile, type LogFile } from '../process/log-file.ts'
import { menuTemplate } from './menu.ts'
import { startPastDamage, type DamageDialogs } from './damaged-journal.ts'
import { processStrays, watchStrayErrors } from '../process/stray-errors.ts'
import { startTray } from './tray.ts'
import { hasTrayHost, type RunQuietly } from './tray-host.ts'
import { denyPermissions, openConsoleWindow } from './window.ts'

// The bundle lies in out/main, beside the preload; the built console in out/renderer.
const here = path.dirname(fileURLToPath(import.meta.url))
const places = {
  page: pathToFileURL(path.join(here, '../renderer/index.html')).href,
  preload: path.join(here, 'preload.cjs'),
  icon: path.join(here, 'icon.png'),
  passphrase: { pageFile: path.join(here, 'passphrase.html'), preload: path.join(here, 'passphrase-preload.cjs') },
}
const stopLimitMs = 15_000
const failed = 70

const args = desktopArguments(process.argv.slice(1))
if (args.dataDir !== null) app.setPath('userData', path.join(args.dataDir, 'desktop'))
if (app.requestSingleInstanceLock()) void run(args)
else app.quit()

async function run(args: DesktopArguments): Promise<void> {
  const dataDir = args.dataDir ?? path.join(app.getPath('userData'), 'engine')
  const log = openLogFile(path.join(dataDir, 'log'))
  await app.whenReady()
  denyPermissions(session.defaultSession)
  let showing = false
  let running: Engine | null = null
  watchStrayErrors(processStrays, {
    log: log.write,
    note: (fault) => running?.noteStray(fault),
    end: (fault) => endFor(fault, running),
  })
  // The passphrase window closes before the console's opens; without a listener Electron would quit in between.
  app.on('window-all-closed', () => {
    if (showing) app.quit()
  })
  try {
    const start = () => startDesktopEngine({ dataDir, args, passphrasePage: places.passphrase, log: log.write })
    const engine = await startPastDamage(start, damageDialogs(dataDir))
    if (engine === null) return app.quit()
    running = engine
    await show(engine, args, dataDir, log)
    showing = true
  } catch (error) {
    log.write(JSON.stringify({ level: 'error', message: messageOf(error) }))
    dialog.showErrorBox('Lockstep could not start', messageOf(error))
    app.exit(1)
  }
}

function damageDialogs(dataDir: string): DamageDialogs {
  const buttons = ['Quit', 'Begin a new journal']
  return {
    ask: (message, detail) =>
      dialog.showMessageBoxSync({ type: 'error', message, detail, buttons, defaultId: 0, cancelId: 0 }) === 1,
    tell: (message, detail) => void dialog.showMessageBoxSync({ type: 'warning', message, detail, buttons: ['Go on'] }),
    renew: () => renewJournal(dataDir, Date.now),
  }
}

/** Memory is not trusted any more; the journal is. */
function endFor({ message }: Fault, engine: Engine | null): void {
  const words = `${message}\nNothing that was acknowledged is lost: it goes on from its journal.`
  void within(stopLimitMs, engine?.stop() ?? Promise.resolve()).then(() => {
    const buttons = ['Start again', 'Quit']
    if (
      dialog.showMessageBoxSync({
        type: 'error',
        message: 'Lockstep met an error of its own',
        detail: words,
        buttons,
      }) === 0
    )
      app.relaunch()
    app.exit(failed)
  })
}

/** Everything on screen, over a running engine. */
async function show(engine: Engine, args: DesktopArguments, dataDir: string, log: LogFile): Promise<void> {
  const trayed = await hasTrayHost(process.platform, runQuietly)
  let quitting = false
  const ipc = startIpc({ ipcMain, api: engine.api, pageUrl: places.page })
  const open = () =>
    openConsoleWindow({
      pageUrl: places.page,
      preload: places.preload,
      icon: places.icon,
      hidesOnClose: () => trayed && !quitting,
    })
  let window: BrowserWindow | null = trayed && args.hidden ? null : open()
  const showWindow = (): void => {
    if (window === null || window.isDestroyed()) window = open()
    window.show()
    window.focus()
  }
  const tray = trayed ? startTray({ api: engine.api, icon: places.icon, showWindow, quit: () => app.quit() }) : null
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, menuActions(dataDir, log))))
  app.on('second-instance', showWindow)
  app.on('activate', showWindow)
  app.on('before-quit', (event) => {
    if (quitting) return
    // The engine hands back what is in flight and flushes its journal before the process may end.
    quitting = true
    event.preventDefault()
    tray?.destroy()
    ipc.close()
    void within(stopLimitMs, engine.stop())
      .then(() => log.close())
      .finally(() => app.quit())
  })
}

function menuActions(dataDir: string, log: LogFile) {
  return {
    showDataFolder: () => void shell.openPath(dataDir),
    showLog: () => shell.showItemInFolder(log.file),
    quit: () => app.quit(),
  }
}

/** A stop that hangs must not keep the desktop from shutting down: the journal recovers from a hard end. */
async function within(limitMs: number, stopped: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs)
  })
  await Promise.race([stopped.catch(() => undefined), limit])
  clearTimeout(timer)
}

const runQuietly: RunQuietly = (command, commandArgs) =>
  new Promise((resolve) => {
    execFile(command, [...commandArgs], { timeout: 2000 }, (error, stdout) => resolve(error === null ? stdout : null))
  })

function messageOf(error: unknown): string {
  if (error instanceof FaultError) return `${error.fault.message}\n${error.fault.remedy}`
  return error instanceof Error ? error.message : 'Unknown error'
}
