import { dirname } from 'node:path'
import { fault, FaultError } from '../../../../../shared/model/fault.ts'
import { refusal } from './thread-messages.ts'

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26
const SQLITE_IOERR_SHORT_READ = 522

/** Does SQLite say that the file is not what it wrote? */
export function isDamage(error: unknown): boolean {
  const { errcode = 0 } = refusal(error)
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(errcode & 0xff) || errcode === SQLITE_IOERR_SHORT_READ
}

/** The journal's file, or its log, is not what was written: nothing in it is believed, and nothing more is written to it. */
export function damaged(path: string, words: string, cause?: unknown): FaultError {
  const remedy =
    'Stop Lockstep and check the disk. Put the data directory back from a backup that is whole, or begin a new journal: ' +
    `lockstep journal renew --data ${dirname(path)}. It keeps the damaged files aside, takes over the sites and rules that can ` +
    'still be read, says what is lost, and scans find out the rest. Nothing is deleted at any site for it.'
  return new FaultError(fault('JOURNAL_DAMAGED', `The journal ${path} is damaged: ${words}.`, { remedy }), { cause })
}
