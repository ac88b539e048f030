/** Values of one kind by name, as a port of the journal keeps them. */
export interface Kept {
  readonly all: () => Promise<ReadonlyMap<string, unknown>>
  readonly write: (name: string, value: unknown) => Promise<void>
  readonly erase: (name: string) => Promise<void>
}

/**
 * Write-through cache: read once at the start, for who has to know in the midst of a turn. Its owner is the only one who writes
 * these values; what it wrote holds from the call on, as it would after a restart that follows the write.
 */
export class Remembered {
  readonly #kept: Kept
  readonly #values: Map<string, unknown>

  private constructor(kept: Kept, values: ReadonlyMap<string, unknown>) {
    this.#kept = kept
    this.#values = new Map(values)
  }

  static async open(kept: Kept): Promise<Remembered> {
    return new Remembered(kept, await kept.all())
  }

  /** null where there is none. The reader parses. */
  get(name: string): unknown {
    return this.#values.get(name) ?? null
  }

  names(): readonly string[] {
    return [...this.#values.keys()]
  }

  /** Durable when it resolves. */
  write(name: string, value: unknown): Promise<void> {
    this.#values.set(name, value)
    return this.#kept.write(name, value)
  }

  erase(name: string): Promise<void> {
    this.#values.delete(name)
    return this.#kept.erase(name)
  }
}
