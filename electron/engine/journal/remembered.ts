import type { RecordStore } from './port/records.ts'
import type { ScanMark, ScanStore } from './port/scans.ts'

/** Values of one kind by name, as a port keeps them. */
interface ValueStore {
  readonly all: () => Promise<ReadonlyMap<string, unknown>>
  readonly write: (name: string, value: unknown) => Promise<void>
  readonly erase: (name: string) => Promise<void>
}

/**
 * Write-through cache: read once at the start, for who has to know in the midst of a turn. Its owner is the only one who writes
 * these values; what it wrote holds from the call on, as it would after a restart that follows the write.
 */
export class Remembered {
  readonly #kept: ValueStore
  readonly #values: Map<string, unknown>

  private constructor(kept: ValueStore, values: ReadonlyMap<string, unknown>) {
    this.#kept = kept
    this.#values = new Map(values)
  }

  /** By link. */
  static ofScans(scans: ScanStore, mark: ScanMark): Promise<Remembered> {
    return Remembered.#open({
      all: () => scans.all(mark),
      write: (linkId, value) => scans.write(linkId, mark, value),
      erase: (linkId) => scans.erase(linkId, mark),
    })
  }

  /** By what follows the prefix. */
  static ofRecords(records: RecordStore, prefix: string): Promise<Remembered> {
    return Remembered.#open({
      all: async () => new Map([...(await records.all(prefix))].map(([name, one]) => [name.slice(prefix.length), one])),
      write: (name, value) => records.write(prefix + name, value),
      erase: (name) => records.erase(prefix + name),
    })
  }

  static async #open(kept: ValueStore): Promise<Remembered> {
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
