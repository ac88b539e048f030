import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../electron/engine/journal/sqlite/file/database.ts'
import { GroupCommit } from '../../electron/engine/journal/sqlite/file/group-commit.ts'
import { journalLimits, openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { realTimers } from '../../electron/engine/base/timers.ts'
import { eventually } from '../support/eventually.ts'
import { makeTempDir } from '../support/temp.ts'

type Synced = (error: Error | null) => void

/** Writers over a real database, and a disk that syncs when the test says so. */
async function writersOn(room: () => Promise<void> | null = () => null) {
  const temp = await makeTempDir('durable')
  const database = openDatabase(join(temp.path, 'journal.db'), null)
  database.exec('CREATE TABLE line (text TEXT)')
  const syncs: Synced[] = []
  const disk = {
    path: database.path,
    sync: (done: Synced) => void syncs.push(done),
    committed() {
      const done = room()
      return done && { done, isUrgent: true }
    },
  }
  const hooks = { beforeCommit: () => null, afterRollback: () => undefined }
  const time = { timers: realTimers, elapsedMs: () => performance.now() }
  const commit = new GroupCommit(database, disk, hooks, time, { ...journalLimits, flushDelayMs: 0 })
  const insert = database.prepare('INSERT INTO line VALUES (?)')
  const settled: string[] = []
  const write = (text: string): void => {
    commit
      .submit(1, () => void insert.run(text))
      .then(
        () => settled.push(text),
        () => settled.push(`${text} refused`),
      )
  }
  const lines = (): number => database.prepare('SELECT count(*) AS n FROM line').get()!['n'] as number
  onTestFinished(async () => {
    database.close()
    await temp.remove()
  })
  return { commit, syncs, settled, write, lines }
}

test('nobody hears of a write before a sync that began after its commit', async () => {
  const { syncs, settled, write, lines } = await writersOn()
  write('one')
  await eventually(() => expect(syncs).toHaveLength(1))
  write('two')
  await eventually(() => expect(lines()).toBe(2))
  expect(settled).toEqual([])
  syncs[0]!(null)
  await eventually(() => expect([settled, syncs.length]).toEqual([['one'], 2]))
  syncs[1]!(null)
  await eventually(() => expect(settled).toEqual(['one', 'two']))
})

test('a sync that fails refuses what it covered, what came after, and everything from then on', async () => {
  const { commit, syncs, settled, write, lines } = await writersOn()
  const told: string[] = []
  commit.onUnwritable(({ code }) => told.push(code))
  write('one')
  await eventually(() => expect(syncs).toHaveLength(1))
  write('two')
  await eventually(() => expect(lines()).toBe(2))
  syncs[0]!(new Error('EIO'))
  await eventually(() => expect(settled).toEqual(['one refused', 'two refused']))
  write('three')
  await eventually(() => expect(settled).toContain('three refused'))
  expect([told, syncs.length]).toEqual([['JOURNAL_UNWRITABLE'], 1])
})

test('a log that grew too long is copied before more is written, and nobody is forgotten', async () => {
  const copied: (() => void)[] = []
  let long = true
  const { syncs, settled, write, lines } = await writersOn(() =>
    long ? new Promise<void>((resolve) => copied.push(resolve)) : null,
  )
  write('one')
  await eventually(() => expect([syncs.length, copied.length]).toEqual([1, 1]))
  write('two')
  syncs[0]!(null)
  await eventually(() => expect(settled).toEqual(['one']))
  expect(lines()).toBe(1)
  long = false
  copied[0]!()
  await eventually(() => expect(lines()).toBe(2))
})

test('while writing goes on the log is copied into the file', async () => {
  const temp = await makeTempDir('checkpoint')
  const journal = openJournal({ dir: temp.path, now: () => 1 })
  const fileBytes = (): number => statSync(journal.state.path).size
  const before = fileBytes()
  for (let round = 0; round < 30; round++)
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => journal.records.write(`value ${index}`, 'x'.repeat(round))),
    )
  await eventually(() => expect(fileBytes()).toBeGreaterThan(before))
  await journal.close()
  await temp.remove()
})
