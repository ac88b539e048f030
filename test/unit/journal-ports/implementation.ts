import { onTestFinished } from 'vitest'
import type { Journal } from '../../../electron/engine/journal/port/journal.ts'
import { openJournal, type JournalOptions } from '../../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { makeTempDir } from '../../support/temp.ts'

/** What the promises of the ports are held against: an empty journal of one implementation. */
export type OpenJournal = (options?: Pick<Partial<JournalOptions>, 'now' | 'limits'>) => Promise<OpenedJournal>

export interface OpenedJournal {
  readonly journal: Journal
  /** Closes it and opens it again, as a restart does. */
  readonly reopen: () => Promise<Journal>
}

/** The first implementation: a file of SQLite in a directory of the test's own. */
export const openSqlite: OpenJournal = async (options = {}) => {
  const temp = await makeTempDir('journal-port')
  const start = (): Journal => openJournal({ dir: temp.path, now: () => 5000, ...options })
  let journal = start()
  onTestFinished(async () => {
    await journal.close()
    await temp.remove()
  })
  return {
    journal,
    async reopen() {
      await journal.close()
      return (journal = start())
    },
  }
}
