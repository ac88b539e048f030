import { setTimeout as wait } from 'node:timers/promises'

export interface Patience {
  /** After this long the last failure is thrown, ms. */
  readonly withinMs?: number
  readonly everyMs?: number
}

/** Asks again until `probe` no longer throws, and returns what it returned; for states that another process reaches. */
export async function eventually<T>(probe: () => T | Promise<T>, patience: Patience = {}): Promise<T> {
  const { withinMs = 10_000, everyMs = 25 } = patience
  const deadlineAt = Date.now() + withinMs
  for (;;) {
    try {
      return await probe()
    } catch (error) {
      if (Date.now() >= deadlineAt) throw error
    }
    await wait(everyMs)
  }
}
