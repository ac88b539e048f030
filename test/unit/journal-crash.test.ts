import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { briefingOf } from '../support/briefing.ts'
import { makeTempDir } from '../support/temp.ts'

const writer = join(import.meta.dirname, 'journal-writer.ts')

/** Runs the writer until it printed that many lines, kills it, and returns all that it promised. */
async function promisedUntilKilled(dir: string, lines: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, [writer, dir, String(lines)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const promised: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    promised.push(line)
    if (promised.length === 1) expectInUse(dir, child.pid!)
    if (promised.length === lines) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return promised
}

function expectInUse(dir: string, pid: number): void {
  const message = `The journal is open in process ${pid}.`
  expect(() => openJournal({ dir, now: Date.now })).toThrow(
    expect.objectContaining({ fault: expect.objectContaining({ code: 'JOURNAL_IN_USE', message }) }),
  )
}

const numbers = (lines: readonly string[], what: string): readonly number[] =>
  lines
    .filter((line) => line.startsWith(`${what} `))
    .flatMap((line) => line.slice(what.length + 1).split(' '))
    .map(Number)

test('everything that was promised is there after a kill, and the lock of the dead is free', async () => {
  const dir = await makeTempDir('journal-crash')
  const settled = new Set<number>()
  const enqueued = new Set<number>()
  const uploading = new Set<number>()
  for (const lines of [8, 25, 60]) {
    const promised = await promisedUntilKilled(dir.path, lines)
    for (const seq of numbers(promised, 'enqueued')) enqueued.add(seq)
    for (const seq of numbers(promised, 'settled')) settled.add(seq)
    for (const seq of numbers(promised, 'uploading')) uploading.add(seq)
    const journal = openJournal({ dir: dir.path, now: Date.now })
    const back = [...settled].filter((seq) => journal.atOnce.task(seq) !== null)
    const forgotten: number[] = []
    for (const seq of uploading)
      if ((await briefingOf(journal, { seq })).upload?.parts.length !== 1) forgotten.push(seq)
    // One settle was under way, maybe: its task is there or not.
    const lost = [...enqueued].filter((seq) => !settled.has(seq) && journal.atOnce.task(seq) === null)
    expect({ back, forgotten, lost: lost.slice(1) }).toEqual({ back: [], forgotten: [], lost: [] })
    for (const seq of lost) settled.add(seq)
    expect(journal.atOnce.totals('r/0').backlogCount).toBe(journal.atOnce.ready('r/0', 0, 100_000).length)
    await journal.close()
  }
  await dir.remove()
})
