import { describe } from 'vitest'
import { openSqlite } from './implementation.ts'
import { scansPromises } from './scans.ts'

describe('scans, by SQLite', () => scansPromises(openSqlite))
