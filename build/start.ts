import os from 'node:os'
import path from 'node:path'
import { ensureBuild } from './freshness.ts'
import { consoleFlags, openConsole } from './open-console.ts'

/** `npm start`: opens the console on the operator's own data. */
export async function main(args: readonly string[]): Promise<number> {
  const root = path.resolve(import.meta.dirname, '..')
  const flags = consoleFlags(args)
  await ensureBuild(root, (line) => void process.stdout.write(`${line}\n`))
  const place = { root, dataDir: flags.data, browserDataDir: browserDataDir(process.env), configFile: null, demo: null }
  return await openConsole(place, flags)
}

// Apart from the desktop program's data, whose credentials only the desktop's keychain opens.
function browserDataDir(environment: Readonly<Record<string, string | undefined>>): string {
  const base = environment['XDG_DATA_HOME'] ?? environment['APPDATA'] ?? path.join(os.homedir(), '.local/share')
  return path.join(base, 'lockstep')
}
