import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buildConsole } from './console-host.ts'

const root = join(import.meta.dirname, '../..')
const outDir = join(root, 'test/.artifacts/console')

/** The directory of a build that is newer than all sources: made at the first call, used again by the next suite. */
export async function builtConsole(): Promise<string> {
  const built = await changedAt(join(outDir, 'index.html'))
  const sources = await Promise.all([newestUnder('renderer'), newestUnder('shared')])
  if (built < Math.max(...sources)) await buildConsole(outDir)
  return outDir
}

async function newestUnder(folder: string): Promise<number> {
  const names = await readdir(join(root, folder), { recursive: true })
  return Math.max(...(await Promise.all(names.map((name) => changedAt(join(root, folder, name))))))
}

async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs
  } catch {
    return 0
  }
}
