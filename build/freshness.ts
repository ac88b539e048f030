import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { buildAll, stampFile } from './build.ts'

const sources = ['electron', 'renderer', 'shared', 'build', 'package.json'] as const

/** Builds when there is no build, or when any source is newer than it. */
export async function ensureBuild(root: string, say: (line: string) => void): Promise<void> {
  const stamp = path.join(root, stampFile)
  const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : 0
  if (builtAt > 0 && !sources.some((source) => isNewer(path.join(root, source), builtAt))) return
  say('Building the console …')
  await buildAll({ root })
}

function isNewer(place: string, builtAt: number): boolean {
  if (!statSync(place).isDirectory()) return statSync(place).mtimeMs > builtAt
  return readdirSync(place, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(path.join(entry.parentPath, entry.name)).mtimeMs > builtAt,
  )
}
