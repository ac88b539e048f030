import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fault, FaultError } from '../../../../../shared/model/fault.ts'
import { makePrivateFile } from '../../../base/private-files.ts'
import { journalFault } from './database.ts'
import { isDamage } from './damage.ts'
import { refusal } from './thread-messages.ts'

const SQLITE_BUSY = 5

/**
 * Claims the directory for this engine, or throws JOURNAL_IN_USE naming the other process. The claim is a lock of the
 * operating system on a database of its own, so it ends with its holder, however that one dies.
 */
export function takeLock(dir: string, pid: number): () => void {
  const holder = join(dir, 'journal.pid')
  const lock = join(dir, 'journal.lock')
  makePrivateFile(lock)
  const database = new DatabaseSync(lock)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    throw refusal(error).errcode === SQLITE_BUSY ? inUse(holder, error) : unusable(lock, error)
  }
  // The lock file itself must not be read by others: closing any handle on it would drop this process's POSIX lock.
  writeFileSync(holder, `${pid}\n`, { mode: 0o600 })
  return () => {
    rmSync(holder, { force: true })
    database.close()
  }
}

/** It holds nothing: what is damaged here is no journal. */
function unusable(lock: string, error: unknown): FaultError {
  if (!isDamage(error)) return journalFault(error, lock)
  const remedy = `Make sure that no other Lockstep runs on this directory, delete ${lock}, and start again.`
  return new FaultError(fault('JOURNAL_UNWRITABLE', `The lock file ${lock} is damaged.`, { remedy }), { cause: error })
}

function inUse(holder: string, cause: unknown): FaultError {
  const pid = readPid(holder)
  const who = pid === null ? 'another process' : `process ${pid}`
  return new FaultError(fault('JOURNAL_IN_USE', `The journal is open in ${who}.`), { cause })
}

function readPid(holder: string): string | null {
  try {
    return /^\d+/.exec(readFileSync(holder, 'utf8'))?.[0] ?? null
  } catch {
    // The holder has the lock and has not written its number yet.
    return null
  }
}
