import type { Pacer } from '../replicate/context.ts'

/**
 * A token bucket in shared memory: the main thread refills it, every transfer thread takes from it, so that one rule's
 * limit holds over all threads. [0] bytes that may move now, [1] bytes per second (0: no limit).
 */
export type PacerMemory = BigInt64Array

export const pacerBytes = 16
/** A refill every 50 ms keeps a limit smooth, and costs nothing while there is none. */
export const refillMs = 50

export const openPacer = (memory: SharedArrayBuffer): PacerMemory => new BigInt64Array(memory)

/** Main thread: change the limit at once; null lifts it. */
export function setLimit(memory: PacerMemory, bytesPerSecond: number | null): void {
  Atomics.store(memory, 1, BigInt(bytesPerSecond ?? 0))
  Atomics.store(memory, 0, 0n)
}

/** Main thread: adds what `elapsedMs` earned; at most one second's worth is kept (or a large chunk could never pass). */
export function refill(memory: PacerMemory, elapsedMs: number): void {
  const rate = Atomics.load(memory, 1)
  if (rate === 0n) return
  const earned = (rate * BigInt(Math.round(elapsedMs))) / 1000n
  const now = Atomics.load(memory, 0)
  const room = rate - now
  if (room > 0n) Atomics.add(memory, 0, earned < room ? earned : room)
}

/**
 * Transfer thread: takes go into debt by at most one chunk, and wait while the bucket is empty. That keeps the mean at the
 * limit whatever the size of a chunk.
 */
export function pacerOf(memory: PacerMemory): Pacer {
  return {
    get limited() {
      return Atomics.load(memory, 1) !== 0n
    },
    async take(bytes, signal) {
      while (Atomics.load(memory, 1) !== 0n && Atomics.load(memory, 0) <= 0n) {
        signal.throwIfAborted()
        await new Promise((wake) => setTimeout(wake, refillMs))
      }
      Atomics.sub(memory, 0, BigInt(bytes))
    },
  }
}
