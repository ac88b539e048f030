import { BrowserWindow, ipcMain } from 'electron'
import { FaultError } from '../../shared/model/fault.ts'
import { faultText } from '../../shared/text/sentence.ts'
import { passphraseChannel } from './passphrase-channel.ts'

export interface PassphraseOptions<T> {
  readonly pageFile: string
  readonly preload: string
  /** Tries a passphrase; a fault is shown, and another one asked for. */
  readonly tryIt: (passphrase: string) => Promise<T>
}

/** Asks for the vault's passphrase until one opens it. null when the window is closed instead. */
export async function askPassphrase<T>({ pageFile, preload, tryIt }: PassphraseOptions<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<T | null>()
  const window = new BrowserWindow({
    title: 'Lockstep',
    width: 520,
    height: 300,
    resizable: false,
    webPreferences: { preload, sandbox: true, contextIsolation: true, nodeIntegration: false },
  })
  ipcMain.handle(passphraseChannel, async (event, passphrase: unknown) => {
    if (event.sender !== window.webContents) throw new Error('Only the passphrase window may answer.')
    try {
      resolve(await tryIt(String(passphrase)))
      return null
    } catch (error) {
      return error instanceof FaultError ? faultText(error.fault) : 'The vault did not open.'
    }
  })
  window.once('closed', () => resolve(null))
  void window.loadFile(pageFile)
  const opened = await promise
  ipcMain.removeHandler(passphraseChannel)
  if (!window.isDestroyed()) window.destroy()
  return opened
}
