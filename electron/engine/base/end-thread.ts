import type { Worker } from 'node:worker_threads'

/**
 * Waits until a thread that was asked to end has done so by itself, and tears it down only after that time (milliseconds):
 * tearing down a thread around its open handles can crash Node (nodejs/node#56312). Resolves when it is gone.
 */
export function threadEnded(thread: Worker, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // One that ended before nobody hears of again; a thread without a number is gone.
    if (thread.threadId === -1) return resolve()
    const timer = setTimeout(() => void thread.terminate().catch(() => undefined), graceMs)
    thread.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
