import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite-journal.ts'
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
    expect(acknowledged.filter((seq) => journal.task(Number(seq)) === null)).toEqual([])
    await journal.enqueue([
      { linkId: 'r/0', key: 'after', versionId: 'v', operation: 'put', sizeBytes: 1, changedAt: 1, absentSeenAt: 0 },
    ])
    expect(journal.totals('r/0').backlogCount).toBe(journal.ready('r/0', 0, 1_000_000).length)
  },
)
