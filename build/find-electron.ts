import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface FindElectronOptions {
  readonly root: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly say: (line: string) => void
}

const downloadLimitMs = 300_000

/**
 * Electron's program, or null where there is none. The npm package brings it in only when it is first used; that is
 * tried here once, because evaluating the package offline would throw with a stack.
 */
export async function findElectron({ root, environment, say }: FindElectronOptions): Promise<string | null> {
  const installed = installedElectron(root, environment)
  if (installed !== null) return installed
  const tried = path.join(root, 'node_modules/.lockstep-electron-tried')
  if (!existsSync(tried)) {
    say('Fetching Electron (once, about 120 MB) …')
    await download(root)
    writeFileSync(tried, '')
  }
  return installedElectron(root, environment)
}

/** The program if it is there already; never downloads. */
export function installedElectron(root: string, environment: FindElectronOptions['environment']): string | null {
  const dir = path.join(root, 'node_modules/electron')
  const name = existsSync(path.join(dir, 'path.txt')) ? readFileSync(path.join(dir, 'path.txt'), 'utf8') : 'electron'
  const program = path.join(environment['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(dir, 'dist'), name)
  return existsSync(program) ? program : null
}

function download(root: string): Promise<void> {
  const installer = path.join(root, 'node_modules/electron/install.js')
  return new Promise((resolve) => {
    execFile(process.execPath, [installer], { timeout: downloadLimitMs }, () => resolve())
  })
}
