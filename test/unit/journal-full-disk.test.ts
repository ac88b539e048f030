import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openCheckedJournal, openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { makeTempDir } from '../support/temp.ts'

const writer = join(import.meta.dirname, 'journal-filler.ts')

/** Blocks of 1 KiB that one file may have: the operating system refuses what goes beyond, wherever it is asked. */
async function fillUntilRefused(dir: string, fileBlocks: number, pauseMs: number) {
  const command = `ulimit -f ${fileBlocks}; exec "$0" "$@"`
  const child = spawn('bash', ['-c', command, process.execPath, writer, dir, String(pauseMs)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  for await (const line of createInterface({ input: child.stdout })) said.push(line)
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return {
    code: child.exitCode,
    errors,
    end: said.at(-1),
    acknowledged: said.filter((line) => line.startsWith('enqueued ')).flatMap((line) => line.split(' ').slice(1)),
  }
}

/**
 * A small limit meets the log while it is written; a larger one meets the file while the log is copied into it, for the log
 * begins anew after each copy.
 */
test.each([
  [500, 0],
  [12_000, 0],
  [6000, 10],
  [12_000, 10],
])(
  'a disk that is full at %i KiB, written to every %i ms, ends writing with the reason, and nothing that was acknowledged is lost',
  async (fileBlocks, pauseMs) => {
    const dir = await makeTempDir('journal-full')
    onTestFinished(() => dir.remove())
    const { code, errors, end, acknowledged } = await fillUntilRefused(dir.path, fileBlocks, pauseMs)
    expect({ code, errors, end }).toEqual({ code: 0, errors: [], end: 'ended JOURNAL_UNWRITABLE' })
    const journal = openJournal({ dir: dir.path, now: Date.now })
    onTestFinished(() => journal.close())
    expect(acknowledged.filter((seq) => journal.atOnce.task(Number(seq)) === null)).toEqual([])
    await journal.tasks.enqueue([
      { linkId: 'r/0', key: 'after', versionId: 'v', operation: 'put', sizeBytes: 1, changedAt: 1, absentSeenAt: 0 },
    ])
    expect(journal.atOnce.totals('r/0').backlogCount).toBe(journal.atOnce.ready('r/0', 0, 1_000_000).length)
  },
)

/** A file system of its own, which only root can make. */
function smallDisk(dir: string, sizeKiB: number): boolean {
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'none', dir]).status !== 0) return false
  onTestFinished(() => void spawnSync('umount', ['--lazy', dir]))
  return true
}

test.each([
  [1500, 0],
  [9000, 0],
  [9000, 10],
])(
  'a disk of %i KiB that is full, written to every %i ms: after space is made nothing is lost',
  async (sizeKiB, pauseMs) => {
    const temp = await makeTempDir('journal-full')
    onTestFinished(() => temp.remove())
    if (!smallDisk(temp.path, sizeKiB)) return
    const dir = join(temp.path, 'data')
    const balloon = join(temp.path, 'balloon')
    writeFileSync(balloon, Buffer.alloc((sizeKiB / 2) * 1024))
    const { code, errors, end, acknowledged } = await fillUntilRefused(dir, 1_000_000, pauseMs)
    expect({ code, errors, end }).toEqual({ code: 0, errors: [], end: 'ended JOURNAL_UNWRITABLE' })
    expect(acknowledged.length).toBeGreaterThan(0)
    rmSync(balloon)
    const journal = await openCheckedJournal({ dir, now: Date.now })
    expect(acknowledged.filter((seq) => journal.atOnce.task(Number(seq)) === null)).toEqual([])
    await journal.tasks.enqueue([
      { linkId: 'r/0', key: 'after', versionId: 'v', operation: 'put', sizeBytes: 1, changedAt: 1, absentSeenAt: 0 },
    ])
    await journal.close()
  },
)
