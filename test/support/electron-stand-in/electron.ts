// Stands in for the 'electron' module under plain Node: windows are pages of a real Chromium. It shows that the built main,
// preload and console work together; it shows nothing about isolated worlds, the OS sandbox, sessions, custom protocols,
// tray, native menus, notifications, asar, fuses or packaging. The same tests run on the real program where it exists.
import { EventEmitter } from 'node:events'
import path from 'node:path'
import type { Frame, Page } from 'playwright-core'
import { StandInWindow, type WindowOptions } from './browser-window.ts'
import { openBrowser, type Answer, type StandInBrowser } from './browser.ts'
import { known, loud } from './loud.ts'

type Listener = (event: unknown, ...args: readonly unknown[]) => unknown

const listeners = new Map<string, Listener>()
const pages = new Map<Page, StandInWindow>()
/** Open from the moment that they are asked for; their pages come and go a little later. */
const windows = new Set<StandInWindow>()
const events = new EventEmitter()
const appEvents = ['before-quit', 'window-all-closed', 'activate', 'second-instance', 'will-quit', 'quit'] as const
/** What the program asked of the desktop, for the test to read. */
const asked: { readonly name: string; readonly args: readonly unknown[] }[] = []
const ask =
  (name: string) =>
  (...args: readonly unknown[]): void =>
    void asked.push({ name, args })

let browser: Promise<StandInBrowser> | null = null
const chromiumOnce = (): Promise<StandInBrowser> => (browser ??= openBrowser(answerInvoke))

async function answerInvoke(page: Page, frame: Frame, channel: string, args: readonly unknown[]): Promise<Answer> {
  const window = pages.get(page)
  const listener = listeners.get(channel)
  if (window === undefined || listener === undefined) return { error: `Error: No handler registered for '${channel}'` }
  const senderFrame = loud('WebFrameMain', { url: frame.url(), parent: frame.parentFrame() })
  try {
    const event = loud('IpcMainInvokeEvent', { sender: window.webContents, senderFrame })
    return { value: structuredClone(await listener(event, ...args)) }
  } catch (error) {
    return { error: String(error) }
  }
}

const paths = new Map<string, string>()
let quitting = false

async function quit(): Promise<void> {
  let kept = false
  events.emit('before-quit', { preventDefault: () => (kept = true) })
  if (kept || quitting) return
  quitting = true
  for (const page of pages.keys()) await page.close()
  await exit(0)
}

async function exit(exitCode: number): Promise<void> {
  quitting = true
  if (browser !== null) await (await browser).close().catch(() => undefined)
  events.emit('quit')
  process.exit(exitCode)
}

function windowEnded(window: StandInWindow): void {
  windows.delete(window)
  if (windows.size > 0 || quitting) return
  if (events.listenerCount('window-all-closed') > 0) events.emit('window-all-closed')
  else void quit()
}

export const app = loud('app', {
  whenReady: async () => void (await chromiumOnce()),
  requestSingleInstanceLock: () => true,
  getPath: (name: string) => paths.get(name) ?? path.join(process.cwd(), name),
  setPath: (name: string, value: string) => void paths.set(name, value),
  on: (event: string, listener: (...args: unknown[]) => void) =>
    void events.on(known('app', appEvents, event), listener),
  quit: () => void quit(),
  exit: (exitCode: number) => void exit(exitCode),
})

export class BrowserWindow extends StandInWindow {
  constructor(options: WindowOptions) {
    super(options, chromiumOnce(), pages, windowEnded)
    windows.add(this)
    return loud('BrowserWindow', this)
  }
}

export const ipcMain = loud('ipcMain', {
  handle: (channel: string, listener: Listener) => {
    if (listeners.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    listeners.set(channel, listener)
  },
  removeHandler: (channel: string) => void listeners.delete(channel),
})

export const Menu = loud('Menu', {
  buildFromTemplate: (template: readonly unknown[]) => template,
  setApplicationMenu: ask('Menu.setApplicationMenu'),
})

export const shell = loud('shell', {
  openExternal: (url: string) => Promise.resolve(ask('shell.openExternal')(url)),
  openPath: (place: string) => Promise.resolve(ask('shell.openPath')(place)),
  showItemInFolder: ask('shell.showItemInFolder'),
})

export const dialog = loud('dialog', { showErrorBox: ask('dialog.showErrorBox') })

export const session = loud('session', {
  defaultSession: loud('Session', {
    setPermissionRequestHandler: ask('session.setPermissionRequestHandler'),
    setPermissionCheckHandler: ask('session.setPermissionCheckHandler'),
  }),
})

// Not a keychain: it keeps what it seals readable. Set STAND_IN_NO_KEYCHAIN for a desktop that has none.
export const safeStorage = loud('safeStorage', {
  getSelectedStorageBackend: () =>
    process.env['STAND_IN_NO_KEYCHAIN'] === undefined ? 'gnome_libsecret' : 'basic_text',
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  encryptStringAsync: (text: string) => Promise.resolve(Buffer.from(text)),
  decryptStringAsync: (sealed: Buffer) => Promise.resolve({ result: sealed.toString(), shouldReEncrypt: false }),
})

// Imported by the program, and throwing as soon as they are used.
export const nativeImage = loud('nativeImage', {})
export function Tray(): never {
  throw new Error('electron stand-in: Tray is not modelled')
}

process.on('message', (message) => {
  if (message === 'quit') void quit()
  if (message === 'asked') process.send?.({ asked: asked.map(({ name, args }) => ({ name, first: String(args[0]) })) })
})
process.on('disconnect', () => void exit(1))
