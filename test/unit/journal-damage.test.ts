import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { NewTask } from '../../electron/engine/journal/port/tasks.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { openCheckedJournal, openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { damages, type Damage } from '../support/damage.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'

const kinds = Object.keys(damages) as Damage[]
const link = 'r/b/data'

/** What a journal answers, whole. */
async function contentOf(journal: Journal, keys: readonly string[]) {
  return {
    totals: journal.atOnce.totals(link),
    ready: journal.atOnce.ready(link, 0, 1_000_000),
    values: [...(await journal.records.all(''))],
    pairs: keys.map((key) => journal.atOnce.pairs(link, key)),
    activity: await journal.history.activity({ ruleId: null, level: null, before: null, limit: 1000 }),
  }
}

/** A directory with a journal of some hundred changes: closed as a stop leaves it, and as a crash leaves it. */
async function written(random: Random) {
  const temp = await makeTempDir('journal-damage')
  onTestFinished(() => temp.remove())
  const dir = join(temp.path, 'stopped')
  const journal = openJournal({ dir, now: () => 1000 })
  const keys = Array.from({ length: 400 }, (_, at) => `${'k'.repeat(random.int(1, 300))}-${at}`)
  const task = (key: string): NewTask => ({
    linkId: link,
    key,
    versionId: `v-${random.int(0, 9)}`,
    operation: 'put',
    sizeBytes: random.int(0, 1_000_000),
    changedAt: random.int(1, 1000),
    absentSeenAt: 0,
  })
  for (let at = 0; at < keys.length; at += 40) {
    const seqs = await journal.tasks.enqueue(keys.slice(at, at + 40).map(task))
    const learned = [{ sourceVersionId: 's', targetVersionId: `t-${at}` }]
    for (const seq of seqs.slice(0, 5))
      await journal.tasks.settle({ seq, revision: 1, bytes: 1, learned, forgotten: [] })
    await journal.records.write(`scan/${at}`, { after: keys[at] })
  }
  await journal.flush()
  const crashed = join(temp.path, 'crashed')
  cpSync(dir, crashed, { recursive: true })
  const expected = await contentOf(journal, keys)
  await journal.close()
  return { stopped: dir, crashed, keys, expected, copy: copier(temp.path) }
}

function copier(root: string): (dir: string, name: string) => string {
  return (dir, name) => {
    const to = join(root, name)
    cpSync(dir, to, { recursive: true })
    onTestFinished(() => rmSync(to, { recursive: true, force: true }))
    return to
  }
}

/** What the start says: `damaged`, another code, or the content. */
async function start(dir: string, keys: readonly string[]) {
  let journal: Journal
  try {
    journal = await openCheckedJournal({ dir, now: () => 1000 })
  } catch (error) {
    return error instanceof FaultError ? error.fault.code : error
  }
  try {
    return await contentOf(journal, keys)
  } catch (error) {
    return error instanceof FaultError ? error.fault.code : error
  } finally {
    await journal.close()
  }
}

const seeds = Array.from(
  { length: Number(process.env['LOCKSTEP_SEEDS'] ?? 1) },
  (_, at) => Number(process.env['LOCKSTEP_SEED'] ?? 1) + at,
)

describe.each(seeds)('seed %i', (seed) => {
  test.each(kinds)('%s: a journal at rest is noticed at the start', async (kind) => {
    const random = new Random(seed)
    const { stopped, keys, expected, copy } = await written(random)
    expect(await start(copy(stopped, 'whole'), keys)).toEqual(expected)
    const hurt = copy(stopped, 'hurt')
    damages[kind](join(hurt, 'journal.db'), random)
    expect(await start(hurt, keys)).toBe('JOURNAL_DAMAGED')
  })

  test.each(kinds)('%s: the log that a crash left loses nothing in silence', async (kind) => {
    const random = new Random(seed)
    const { crashed, keys, expected, copy } = await written(random)
    expect(await start(copy(crashed, 'whole'), keys)).toEqual(expected)
    for (const name of ['journal.db-wal', 'journal.db-shm', 'journal.witness']) {
      const hurt = copy(crashed, `hurt-${name}`)
      damages[kind](join(hurt, name), random)
      const found = await start(hurt, keys)
      expect([expected, 'JOURNAL_DAMAGED'], name).toContainEqual(found)
      // The index of the log is made anew, and the witness is not the journal.
      if (name !== 'journal.db-wal') expect(found, name).toEqual(expected)
    }
  })

  test.each(kinds)('%s: the file that a crash left is damaged, or answers without an error', async (kind) => {
    const random = new Random(seed)
    const { crashed, keys, copy } = await written(random)
    const hurt = copy(crashed, 'hurt')
    damages[kind](join(hurt, 'journal.db'), random)
    const found = await start(hurt, keys)
    if (typeof found === 'string') expect(found).toBe('JOURNAL_DAMAGED')
    else expect(found).toHaveProperty('totals')
  })
})

test('a journal that is gone, and an older copy that was put back, are noticed', async () => {
  const { stopped, keys, copy } = await written(new Random(9))
  const gone = copy(stopped, 'gone')
  rmSync(join(gone, 'journal.db'))
  expect([await start(gone, keys), existsSync(join(gone, 'journal.db'))]).toEqual(['JOURNAL_DAMAGED', false])
  const older = copy(stopped, 'older')
  const journal = openJournal({ dir: older, now: () => 1000 })
  await journal.records.write('newer', true)
  await journal.close()
  cpSync(join(stopped, 'journal.db'), join(older, 'journal.db'))
  expect(await start(older, keys)).toBe('JOURNAL_DAMAGED')
})

/** A file that not even root may write to, where the file system knows such; false elsewhere. */
function sealedOff(file: string): boolean {
  const set = (sign: string): boolean => spawnSync('chattr', [`${sign}i`, file]).status === 0
  onTestFinished(() => void set('-'))
  return set('+')
}

test('a start that failed before it began to write is no damage to the next one', async () => {
  const { stopped, keys, expected, copy } = await written(new Random(5))
  const dir = copy(stopped, 'refused')
  const witness = join(dir, 'journal.witness')
  if (!sealedOff(witness)) return
  await expect(openCheckedJournal({ dir, now: () => 1000 })).rejects.toMatchObject({
    fault: { code: 'JOURNAL_UNWRITABLE' },
  })
  spawnSync('chattr', ['-i', witness])
  const journal = await openCheckedJournal({ dir, now: () => 1000 })
  expect(await contentOf(journal, keys)).toEqual(expected)
  await journal.close()
})
