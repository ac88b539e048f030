import { BrowserWindow, shell, type Session, type WebContents } from 'electron'

export interface ConsoleWindowOptions {
  readonly pageUrl: string
  readonly preload: string
  readonly icon: string
  /** Asked when the window is about to close: true hides it instead. */
  readonly hidesOnClose: () => boolean
}

/** Opens the console's window: sandboxed, isolated, and bound to its one page. */
export function openConsoleWindow(options: ConsoleWindowOptions): BrowserWindow {
  const window = new BrowserWindow({
    title: 'Lockstep',
    width: 1280,
    height: 860,
    minWidth: 760,
    minHeight: 520,
    show: false,
    icon: options.icon,
    webPreferences: {
      preload: options.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
    },
  })
  confine(window.webContents, options.pageUrl)
  window.once('ready-to-show', () => window.show())
  window.on('close', (event) => {
    if (!options.hidesOnClose()) return
    event.preventDefault()
    window.hide()
  })
  void window.loadURL(options.pageUrl)
  return window
}

/** The page opens no windows and goes nowhere else; links to the web open in the browser. */
function confine(contents: WebContents, pageUrl: string): void {
  contents.setWindowOpenHandler(({ url }) => {
    openInBrowser(url)
    return { action: 'deny' }
  })
  contents.on('will-navigate', (event) => {
    if (event.url.split('#')[0] === pageUrl) return
    event.preventDefault()
    openInBrowser(event.url)
  })
}

function openInBrowser(url: string): void {
  if (URL.canParse(url) && new URL(url).protocol === 'https:') void shell.openExternal(url)
}

/** The console needs no camera, location or notification rights of a web page. */
export function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
}
