import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { GroupCommit, type CommitHooks } from '../../electron/engine/journal/sqlite/file/group-commit.ts'
import { realTimers } from '../../electron/engine/base/timers.ts'

/** A disk that has synced when the test says so. */
function opened(hooks: Partial<CommitHooks> = {}) {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  database.exec('CREATE TABLE note (text TEXT)')
  const syncs: ((error: Error | null) => void)[] = []
  const log = {
    path: 'journal.db',
    sync: (done: (error: Error | null) => void) => void syncs.push(done),
    committed: () => null,
  }
  const commit = new GroupCommit(
    database,
    log,
    { beforeCommit: () => null, afterRollback: () => undefined, ...hooks },
    { timers: realTimers, elapsedMs: () => 0 },
    { rowsPerFlush: 100, flushBudgetMs: 100, flushDelayMs: 0 },
  )
  const insert = database.prepare('INSERT INTO note VALUES (?)')
  const ends: string[] = []
  const write = (text: string): void => {
    const tell = (end: string) => (): void => void ends.push(`${text} ${end}`)
    commit.submit(1, () => insert.run(text)).then(tell('promised'), tell('refused'))
  }
  const hasten = (text: string): Promise<unknown> =>
    commit.submit(1, () => insert.run(text), { committed: () => ends.push(`${text} committed`) })
  const there = (): number => database.prepare('SELECT * FROM note').all().length
  return { syncs, write, hasten, ends, there }
}

test('a write is promised when a sync that began after its commit has ended, and not before', async () => {
  const { syncs, write, ends, there } = opened()
  write('one')
  await expect.poll(there).toBe(1)
  write('two')
  await expect.poll(there).toBe(2)
  expect([syncs.length, ends]).toEqual([1, []])
  syncs[0]!(null)
  await expect.poll(() => ends).toEqual(['one promised'])
  expect(syncs).toHaveLength(2)
  syncs[1]!(new Error('the disk is gone'))
  write('three')
  await expect.poll(() => ends).toEqual(['one promised', 'two refused', 'three refused'])
})

test('who is in haste hears of the commit before the sync, and is promised nothing by it', async () => {
  const { syncs, hasten, ends, there } = opened()
  const promised = hasten('one')
  await expect.poll(() => ends).toEqual(['one committed'])
  expect([there(), syncs.length]).toEqual([1, 1])
  syncs[0]!(new Error('the disk is gone'))
  await expect(promised).rejects.toMatchObject({ fault: { code: 'JOURNAL_UNWRITABLE' } })
})

test('what was written but could not be committed is promised to nobody', async () => {
  const beforeCommit = (): never => {
    throw new Error('no room for the counters')
  }
  const { syncs, write, ends, there } = opened({ beforeCommit })
  write('one')
  write('two')
  await expect.poll(() => ends).toEqual(['one refused', 'two refused'])
  expect([syncs.length, there()]).toEqual([0, 0])
})
