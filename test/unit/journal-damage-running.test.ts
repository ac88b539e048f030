import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openCheckedJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { damages, type Damage } from '../support/damage.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'

const kinds = Object.keys(damages) as Damage[]
const writer = join(import.meta.dirname, 'journal-filler.ts')

/** Writes, is damaged after `before` answers, and is killed after as many again, unless it ended by itself. */
async function writtenThrough(dir: string, before: number, hurt: () => void) {
  const child = spawn(process.execPath, [writer, dir, '1'], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said: string[] = []
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  for await (const line of createInterface({ input: child.stdout })) {
    if (said.push(line) === before) hurt()
    if (said.length === before * 2) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  const acknowledged = said.filter((line) => line.startsWith('enqueued ')).flatMap((line) => line.split(' ').slice(1))
  return { errors, end: said.find((line) => line.startsWith('ended')) ?? null, acknowledged: acknowledged.map(Number) }
}

describe.each(['journal.db', 'journal.db-wal'])('%s', (name) => {
  test.each(kinds)(
    '%s while it is written: it ends with that reason or goes on, and loses nothing in silence',
    async (kind) => {
      const random = new Random(Number(process.env['LOCKSTEP_SEED'] ?? 1))
      const temp = await makeTempDir('damage-running')
      onTestFinished(() => temp.remove())
      const before = random.int(10, 45)
      const { errors, end, acknowledged } = await writtenThrough(temp.path, before, () =>
        damages[kind](join(temp.path, name), random),
      )
      expect([null, 'ended JOURNAL_DAMAGED']).toContain(end)
      expect(errors).toEqual([])
      const found = await openCheckedJournal({ dir: temp.path, now: Date.now }).catch((error: unknown) => error)
      if (found instanceof FaultError) return expect(found.fault.code).toBe('JOURNAL_DAMAGED')
      const journal = found as Awaited<ReturnType<typeof openCheckedJournal>>
      onTestFinished(() => journal.close())
      expect(acknowledged.filter((seq) => journal.atOnce.task(seq) === null)).toEqual([])
    },
  )
})
