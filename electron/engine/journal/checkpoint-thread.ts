import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** Copies the log into the file whenever it is told to, and answers null, or why it could not. */
const database = new DatabaseSync(String(workerData))
parentPort?.on('message', () => {
  let refusal: string | null = null
  try {
    // PASSIVE never waits for the writer, nor lets it wait; what is written meanwhile is copied next time.
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  } catch (error) {
    refusal = error instanceof Error ? error.message : 'unknown error'
  }
  parentPort?.postMessage(refusal)
})
