import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { isErrno } from './errno.ts'

/** What the engine and its hosts make in a data directory, and what an attempt to write it may leave behind. */
const ours =
  /^(?:journal\.(?:db|lock|pid|witness)|vault\.(?:json|key)|keychain\.json|control\.json|sessions\.json|lockstep\.log)/
const ourFolders = new Set(['log', 'desktop'])

const forOthers = 0o077
/** Set on directories such as `/tmp`, that are everybody's on purpose. */
const sticky = 0o1000

/**
 * Makes a directory that only this account can enter, or closes one of Lockstep's own that others can, and the files in
 * it. Throws DATA_EXPOSED where that cannot be done, or where things of others lie in it.
 *
 * Windows has no such modes: there a directory under the user's profile has an access list that keeps others out, and
 * for any other place the operator decides.
 */
export function takePrivateDirectory(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return
  const { mode } = statSync(dir)
  const names = readdirSync(dir)
  if ((mode & forOthers) !== 0) {
    if ((mode & sticky) !== 0 || !isOurs(names)) throw exposed(dir, dir, 'it holds other things than Lockstep’s own')
    close(dir, dir, 0o700)
  }
  for (const name of names) if (ours.test(name)) closeFile(path.join(dir, name), dir)
}

/** Makes an empty file that only this account can read, for writers that choose the mode themselves; leaves one that is there. */
export function makePrivateFile(file: string): void {
  try {
    // Exclusive: an existing journal must not even be opened, for closing it would drop this process's locks on it.
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  }
}

const isOurs = (names: readonly string[]): boolean =>
  names.length === 0 || names.some((name) => ours.test(name)) || names.every((name) => ourFolders.has(name))

function closeFile(file: string, dir: string): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found?.isFile() === true && (found.mode & forOthers) !== 0) close(file, dir, 0o600)
}

function close(what: string, dir: string, mode: number): void {
  try {
    chmodSync(what, mode)
  } catch (cause) {
    throw exposed(what, dir, 'it belongs to another account', cause)
  }
}

function exposed(what: string, dir: string, why: string, cause?: unknown): FaultError {
  const message = `Other accounts of this computer can read ${what}, and Lockstep does not change that: ${why}.`
  const remedy = `Give Lockstep a directory of its own, or run: chmod 700 ${dir}`
  return new FaultError(fault('DATA_EXPOSED', message, { remedy }), { cause })
}
