import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { refusal, type ThreadAnswer, type ThreadOrder } from './thread-messages.ts'

/** Does what reads or writes the whole file whenever it is told to, off the thread that serves the console. */
const path = String(workerData)
let open: DatabaseSync | null = null
const SQLITE_CORRUPT = 11
const thoroughUpToBytes = 64 * 1024 * 1024

const acts: Readonly<Record<Exclude<ThreadOrder, 'end'>, () => void>> = {
  // PASSIVE never waits for the writer, nor lets it wait; what is written meanwhile is copied next time.
  checkpoint: () => (open ??= new DatabaseSync(path)).exec('PRAGMA wal_checkpoint(PASSIVE)'),
  check() {
    // A connection of its own: what the others have in their cache says nothing about the file.
    const fresh = new DatabaseSync(path, { readOnly: true })
    try {
      // The thorough one compares indexes with their tables too, at three times the cost.
      const kind = statSync(path).size <= thoroughUpToBytes ? 'integrity_check' : 'quick_check'
      const [found] = Object.values(fresh.prepare(`PRAGMA ${kind}(1)`).get() ?? {})
      if (found !== 'ok') throw Object.assign(new Error(String(found)), { errcode: SQLITE_CORRUPT })
    } finally {
      fresh.close()
    }
  },
}

parentPort?.on('message', (order: ThreadOrder) => {
  if (order === 'end') {
    open?.close()
    parentPort?.close()
    return
  }
  let answer: ThreadAnswer = null
  try {
    acts[order]()
  } catch (error) {
    answer = { message: error instanceof Error ? error.message : 'unknown error', ...refusal(error) }
  }
  parentPort?.postMessage(answer)
})
