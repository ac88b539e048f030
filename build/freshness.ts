import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { isErrno } from '../electron/engine/base/errno.ts'
import { buildAll, stampFile } from './build.ts'

const sources = ['electron', 'renderer', 'shared', 'build', 'package.json'] as const
const otherBuildPollMs = 200

/** Builds when there is no build, or when any source is newer than it. Several may ask at once: one builds. */
export async function ensureBuild(root: string, say: (line: string) => void): Promise<void> {
  while (!isFresh(root)) {
    const lock = takeLock(root)
    if (lock === null) await delay(otherBuildPollMs)
    else await buildLocked(root, lock, say)
  }
}

async function buildLocked(root: string, lock: string, say: (line: string) => void): Promise<void> {
  const startedAt = new Date()
  try {
    say('Building the console …')
    await buildAll({ root })
    // A source saved while the build ran counts as newer than it.
    utimesSync(path.join(root, stampFile), startedAt, startedAt)
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function isFresh(root: string): boolean {
  const stamp = path.join(root, stampFile)
  if (!existsSync(stamp)) return false
  const builtAt = statSync(stamp).mtimeMs
  return !sources.some((source) => isNewer(path.join(root, source), builtAt))
}

function isNewer(place: string, builtAt: number): boolean {
  if (!statSync(place).isDirectory()) return statSync(place).mtimeMs > builtAt
  return readdirSync(place, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(path.join(entry.parentPath, entry.name)).mtimeMs > builtAt,
  )
}

/** null while another process builds; the lock of one that is gone is taken over. */
function takeLock(root: string): string | null {
  const lock = path.join(root, 'node_modules/.lockstep-build')
  try {
    mkdirSync(lock)
    writeFileSync(path.join(lock, 'pid'), String(process.pid))
    return lock
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
    if (isOwnerGone(lock)) rmSync(lock, { recursive: true, force: true })
    return null
  }
}

function isOwnerGone(lock: string): boolean {
  try {
    process.kill(Number(readFileSync(path.join(lock, 'pid'), 'utf8')), 0)
    return false
  } catch (error) {
    return isErrno(error, 'ESRCH')
  }
}
