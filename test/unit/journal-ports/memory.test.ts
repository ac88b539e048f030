import { describe } from 'vitest'
import { MemoryRecords } from '../../support/memory-records.ts'
import { recordsPromises } from './records.ts'

describe('records, in memory', () =>
  recordsPromises(async () => {
    const records = new MemoryRecords()
    return { records, reopen: async () => records }
  }))
