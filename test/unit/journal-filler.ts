import { setTimeout as wait } from 'node:timers/promises'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { FaultError } from '../../shared/model/fault.ts'

/** `journal-filler.ts DIR PAUSE_MS`: writes until the journal refuses, and prints what was acknowledged, then why it ended. */
const [dir = '', pauseMs = '0'] = process.argv.slice(2)
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const journal = openJournal({ dir, now: Date.now, limits: { flushDelayMs: 0 } })
const name = 'n'.repeat(700)
try {
  for (let round = 0; ; round++) {
    const tasks = Array.from({ length: 100 }, (_, index) => ({
      linkId: 'r/0',
      key: `${name}/${round}/${index}`,
      versionId: 'v',
      operation: 'put' as const,
      sizeBytes: 1,
      changedAt: 1000 + round,
      absentSeenAt: 0,
    }))
    say(`enqueued ${(await journal.tasks.enqueue(tasks)).join(' ')}`)
    // A steady pace lets the log be copied in between, and begin anew.
    await wait(Number(pauseMs))
  }
} catch (error) {
  await journal.close()
  say(`ended ${error instanceof FaultError ? error.fault.code : 'unknown'}`)
}
