import { Worker } from 'node:worker_threads'
import { threadEnded } from '../../../base/end-thread.ts'
import type { ThreadAnswer, ThreadOrder } from './thread-messages.ts'

const graceMs = 5000

/** The thread that copies the log into the file, and looks through the file. Started when it is first told something. */
export class JournalThread {
  readonly #path: string
  #thread: Worker | null = null
  #turn: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  /** One order after the other. Rejects with what SQLite refused, or when the thread is gone. */
  tell(order: Exclude<ThreadOrder, 'end'>): Promise<void> {
    const told = this.#turn.then(() => ask(this.#running(), order))
    this.#turn = told.catch(() => undefined)
    return told
  }

  /** Another one where the last died: a thread that is gone answers nothing. */
  #running(): Worker {
    if (this.#thread === null || this.#thread.threadId === -1) this.#thread = startThread(this.#path)
    return this.#thread
  }

  /** Resolves when it has ended what it was told, and itself. */
  async end(): Promise<void> {
    await this.#turn
    if (this.#thread === null) return
    const ended = threadEnded(this.#thread, graceMs)
    this.#thread.postMessage('end' satisfies ThreadOrder)
    await ended
  }
}

function ask(thread: Worker, order: ThreadOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      for (const [event, listener] of Object.entries(listeners)) thread.off(event, listener)
      act()
    }
    const listeners = {
      message: (answer: ThreadAnswer) =>
        settle(() => (answer === null ? resolve() : reject(Object.assign(new Error(answer.message), answer)))),
      error: (error: Error) => settle(() => reject(error)),
      exit: () => settle(() => reject(new Error('the thread that copies the log ended'))),
    }
    for (const [event, listener] of Object.entries(listeners)) thread.on(event, listener)
    thread.postMessage(order)
  })
}

/** Beside this file when run from source, beside the bundle when packaged. */
function startThread(path: string): Worker {
  const isSource = import.meta.url.endsWith('.ts')
  const entry = isSource ? './checkpoint-thread.ts' : './checkpoint-thread.js'
  const thread = new Worker(new URL(entry, import.meta.url), { workerData: path })
  thread.unref()
  return thread
}
