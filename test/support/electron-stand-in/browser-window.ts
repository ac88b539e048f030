import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import type { StandInBrowser } from './browser.ts'
import { known, loud } from './loud.ts'
import { pageScript } from './page-side.ts'

export interface WindowOptions {
  readonly show?: boolean
  readonly webPreferences?: {
    readonly preload?: string
    readonly sandbox?: boolean
    readonly contextIsolation?: boolean
    readonly nodeIntegration?: boolean
  }
}
type OpenAnswer = { readonly action: 'deny' | 'allow' }

// `will-navigate` may be listened for and is never emitted: a test that counts on its refusal fails, and cannot pass.
const contentsEvents = ['did-navigate', 'destroyed', 'will-navigate'] as const
const windowEvents = ['ready-to-show', 'close', 'closed'] as const

/** A window is a page of the stand-in's Chromium. Nothing here shows isolated worlds or the sandbox at work. */
export class StandInWindow {
  readonly #events = new EventEmitter()
  readonly #contentsEvents = new EventEmitter()
  readonly #pushName = `__standInPush${randomUUID().replaceAll('-', '')}`
  readonly #opened: Promise<Page>
  readonly #ended: (window: StandInWindow) => void
  #onOpen: ((details: { readonly url: string }) => OpenAnswer) | null = null
  #destroyed = false
  readonly webContents

  constructor(
    options: WindowOptions,
    browser: Promise<StandInBrowser>,
    pages: Map<Page, StandInWindow>,
    ended: (window: StandInWindow) => void,
  ) {
    const { sandbox, contextIsolation, nodeIntegration } = options.webPreferences ?? {}
    if (sandbox !== true || contextIsolation !== true || nodeIntegration !== false) {
      throw new Error('electron stand-in: only sandboxed, isolated windows without Node are modelled')
    }
    this.webContents = this.#contents()
    this.#ended = ended
    this.#opened = this.#open(options, browser, pages)
  }

  #contents() {
    const add = (method: 'on' | 'once') => (event: string, listener: (...args: unknown[]) => void) =>
      void this.#contentsEvents[method](known('webContents', contentsEvents, event), listener)
    return loud('webContents', {
      on: add('on'),
      once: add('once'),
      isDestroyed: () => this.#destroyed,
      setWindowOpenHandler: (onOpen: (details: { readonly url: string }) => OpenAnswer) => {
        this.#onOpen = onOpen
      },
      send: (channel: string, ...args: unknown[]) => {
        const push = [this.#pushName, channel, structuredClone(args)] as const
        void this.#opened.then((page) => page.evaluate(pushInPage, push)).catch(() => undefined)
      },
    })
  }

  async #open(
    options: WindowOptions,
    browser: Promise<StandInBrowser>,
    pages: Map<Page, StandInWindow>,
  ): Promise<Page> {
    const { context } = await browser
    // The page that Chromium begins with stays empty: Chromium ends with its last page, and Electron goes on between windows.
    const page = await context.newPage()
    pages.set(page, this)
    page.once('close', () => {
      pages.delete(page)
      this.#end()
    })
    const protocol = await context.newCDPSession(page)
    await protocol.send('Page.enable')
    protocol.on('Page.frameNavigated', ({ frame }) => {
      if (frame.parentId === undefined) this.#contentsEvents.emit('did-navigate')
    })
    protocol.on('Page.windowOpen', ({ url }) => {
      if (this.#onOpen?.({ url }).action !== 'deny')
        throw new Error('electron stand-in: child windows are not modelled')
    })
    page.on('popup', (popup) => void popup.close())
    const { preload } = options.webPreferences ?? {}
    if (preload !== undefined) {
      await page.addInitScript({ content: pageScript(readFileSync(preload, 'utf8'), this.#pushName) })
    }
    return page
  }

  on(event: string, listener: (...args: unknown[]) => void): this {
    this.#events.on(known('BrowserWindow', windowEvents, event), listener)
    return this
  }

  once(event: string, listener: (...args: unknown[]) => void): this {
    this.#events.once(known('BrowserWindow', windowEvents, event), listener)
    return this
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.#opened
    await page.goto(url)
    this.#events.emit('ready-to-show')
  }

  loadFile(file: string): Promise<void> {
    return this.loadURL(pathToFileURL(path.resolve(file)).href)
  }

  close(): void {
    let kept = false
    this.#events.emit('close', { preventDefault: () => (kept = true) })
    if (!kept) this.destroy()
  }

  destroy(): void {
    this.#end()
    void this.#opened.then((page) => page.close())
  }

  /** At once, as in Electron: the next window may be asked for before this one's page is gone. */
  #end(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#contentsEvents.emit('destroyed')
    this.#events.emit('closed')
    this.#ended(this)
  }

  isDestroyed(): boolean {
    return this.#destroyed
  }

  // Stacking and visibility of windows are the desktop's, and not modelled beyond being asked for.
  show(): void {}
  focus(): void {}
}

function pushInPage([name, channel, args]: readonly [string, string, readonly unknown[]]): void {
  Reflect.get(window, name)?.(channel, args)
}
