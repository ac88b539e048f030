import type { LinkIdentity, RecordStore } from '../../electron/engine/journal/port/records.ts'

/** Records in memory, for tests of what stands on them; held to the promises of the port like the others. */
export class MemoryRecords implements RecordStore {
  readonly #values = new Map<string, string>()
  readonly #links = new Map<string, LinkIdentity>()

  async read(name: string): Promise<unknown> {
    return parsed(this.#values.get(name) ?? 'null')
  }

  async all(prefix: string): Promise<ReadonlyMap<string, unknown>> {
    const found = [...this.#values].filter(([name]) => name.startsWith(prefix))
    return new Map(
      found
        .toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .map(([name, json]) => [name, parsed(json)]),
    )
  }

  async write(name: string, value: unknown): Promise<void> {
    this.#values.set(name, JSON.stringify(value ?? null))
  }

  async erase(name: string): Promise<void> {
    this.#values.delete(name)
  }

  async links(): Promise<ReadonlyMap<string, LinkIdentity | null>> {
    return new Map(this.#links)
  }

  async openLink(identity: LinkIdentity): Promise<void> {
    this.#links.set(identity.linkId, identity)
  }

  async forgetLink(linkId: string): Promise<void> {
    this.#links.delete(linkId)
  }
}

const parsed = (json: string): unknown => JSON.parse(json)
