/**
 * Runs a bounded number of things at a time. None of them is left unheard: the first that fails is thrown by the next `add`, or by
 * `drained`.
 */
export class Bounded {
  readonly #room: number
  readonly #running = new Set<Promise<void>>()
  #failed: { readonly error: unknown } | null = null

  constructor(room: number) {
    this.#room = room
  }

  /** Resolves when it was begun. */
  async add(run: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#room) await Promise.race(this.#running)
    this.#throwFailed()
    const one: Promise<void> = run()
      .catch((error: unknown) => {
        this.#failed ??= { error }
      })
      .finally(() => this.#running.delete(one))
    this.#running.add(one)
  }

  /** Everything that was begun has ended. Never throws. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.race(this.#running)
  }

  async drained(): Promise<void> {
    await this.ended()
    this.#throwFailed()
  }

  #throwFailed(): void {
    if (this.#failed !== null) throw this.#failed.error
  }
}
