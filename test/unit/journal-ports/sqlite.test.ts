import { describe } from 'vitest'
import { briefingsPromises } from './briefings.ts'
import { historyPromises } from './history.ts'
import { openSqlite } from './implementation.ts'
import { recordsPromises } from './records.ts'
import { scansPromises } from './scans.ts'
import { tasksPromises } from './tasks.ts'
import { versionsPromises } from './versions.ts'

describe('scans, by SQLite', () => scansPromises(openSqlite))

describe('records, by SQLite', () =>
  recordsPromises(async () => {
    const { journal, reopen } = await openSqlite()
    return { records: journal.records, reopen: async () => (await reopen()).records }
  }))

describe('history, by SQLite', () => historyPromises(openSqlite))

describe('versions, by SQLite', () => versionsPromises(openSqlite))

describe('tasks, by SQLite', () => tasksPromises(openSqlite))

describe('briefings, by SQLite', () => briefingsPromises(openSqlite))
