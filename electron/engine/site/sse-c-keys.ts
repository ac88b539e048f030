import { hash } from 'node:crypto'
import { z } from 'zod'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { sseCKeyName, sseCKeyText, type DeclaredSseCKey, type SseCKeyView } from '../../../shared/model/sse-c-key.ts'
import type { RecordStore } from '../journal/port/records.ts'
import type { SseCKey } from '../store/port.ts'
import type { CredentialStore } from './credentials.ts'

/** What the journal keeps of a key: everything but the key. */
export const sseCKeyRecordSchema = z.object({ name: sseCKeyName, md5: z.string(), createdAt: z.number() })
type SseCKeyRecord = Readonly<z.infer<typeof sseCKeyRecordSchema>>

export interface SseCKeysOptions {
  readonly records: Pick<RecordStore, 'all' | 'write' | 'erase'>
  readonly credentials: CredentialStore
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Ids of the rules that name the key. */
  readonly usedBy: (name: string) => readonly string[]
  /** Rules get the keys that they name anew. */
  readonly onChange: () => void
  readonly now: () => number
}

export const sseCKeyPrefix = 'sse-c-key/'

interface KnownKey {
  readonly record: SseCKeyRecord
  readonly from: SseCKeyView['from']
  /** Base64; null where the bytes are lost. */
  readonly key: string | null
}

/** The keys of clients (SSE-C) by which rules copy: their names are in the journal, their bytes where the secrets of the sites are. */
export class SseCKeys {
  readonly #options: SseCKeysOptions
  readonly #known = new Map<string, KnownKey>()

  constructor(options: SseCKeysOptions) {
    this.#options = options
  }

  /** Reads what was kept. A key whose bytes cannot be read stays listed as lost. */
  async load(): Promise<void> {
    const { records, credentials } = this.#options
    for (const [name, value] of await records.all(sseCKeyPrefix)) {
      const record = sseCKeyRecordSchema.parse(value)
      const kept = await credentials.get(name).catch(() => null)
      this.#known.set(record.name, { record, from: 'console', key: kept?.secretAccessKey ?? null })
    }
    this.#options.onChange()
  }

  has(name: string): boolean {
    return this.#known.has(name)
  }

  /** Those whose bytes are here. */
  all(): readonly SseCKey[] {
    return [...this.#known].flatMap(([name, { key, record }]) => (key === null ? [] : [{ name, key, md5: record.md5 }]))
  }

  list(): readonly SseCKeyView[] {
    return [...this.#known.keys()].toSorted().map((name) => this.#view(name))
  }

  /** Keeps a key that an operator gave, in the place of one of the same name. */
  async put(name: string, text: string): Promise<SseCKeyView> {
    const { records, credentials, onChange } = this.#options
    this.#refuseDeclared(name)
    const found = this.#knownOf({ name, key: text }, 'console')
    // The bytes first: a record without them would be a key that never opens.
    await credentials.set(sseCKeyPrefix + name, { accessKeyId: found.record.md5, secretAccessKey: found.key ?? '' })
    await records.write(sseCKeyPrefix + name, found.record)
    this.#known.set(name, found)
    onChange()
    return this.#view(name)
  }

  async remove(name: string): Promise<void> {
    const { records, credentials, usedBy, onChange } = this.#options
    if (!this.has(name)) throw new FaultError(fault('NOT_FOUND', `There is no SSE-C key “${name}”.`))
    this.#refuseDeclared(name)
    const users = usedBy(name)
    if (users.length > 0) {
      const message = `The SSE-C key ${name} is named by ${users.join(', ')}.`
      throw new FaultError(fault('CONFLICT', message, { remedy: 'Take it out of these rules first.' }))
    }
    await credentials.remove(sseCKeyPrefix + name)
    await records.erase(sseCKeyPrefix + name)
    this.#known.delete(name)
    onChange()
  }

  /** Throws CONFIG_INVALID when a variable that should hold a key is not set, or holds none. */
  check(declared: readonly DeclaredSseCKey[]): void {
    for (const one of declared) this.#bytesOf(one)
  }

  /** Keys of a configuration file: for this run only, as the file is read at every start. */
  declare(declared: readonly DeclaredSseCKey[]): void {
    for (const one of declared) this.#known.set(one.name, this.#knownOf(one, 'config'))
    if (declared.length > 0) this.#options.onChange()
  }

  /** Keys that an operator imported: kept like those given here. */
  async import(declared: readonly DeclaredSseCKey[]): Promise<void> {
    for (const one of declared) await this.put(one.name, this.#bytesOf(one).toString('base64'))
  }

  #view(name: string): SseCKeyView {
    const { record, from, key } = this.#known.get(name)!
    return { ...record, from, isThere: key !== null, usedByRules: this.#options.usedBy(name) }
  }

  #knownOf(declared: DeclaredSseCKey, from: KnownKey['from']): KnownKey {
    const bytes = this.#bytesOf(declared)
    const record = { name: declared.name, md5: hash('md5', bytes, 'base64'), createdAt: this.#options.now() }
    return { record, from, key: bytes.toString('base64') }
  }

  #bytesOf({ name, key }: DeclaredSseCKey): Buffer {
    const text = typeof key === 'string' ? key : (this.#options.environment[key.env] ?? '')
    const read = sseCKeyText.safeParse(text)
    if (read.success) return Buffer.from(read.data, read.data.length === 64 ? 'hex' : 'base64')
    const where = typeof key === 'string' ? 'what was given' : `the environment variable ${key.env}`
    const message = `There is no key of 32 bytes, base64 or hex, in ${where} for the SSE-C key ${name}.`
    throw new FaultError(fault('CONFIG_INVALID', message))
  }

  #refuseDeclared(name: string): void {
    if (this.#known.get(name)?.from !== 'config') return
    const remedy = 'Change it in the configuration file and start Lockstep again.'
    throw new FaultError(fault('CONFLICT', `The SSE-C key ${name} is declared in the configuration.`, { remedy }))
  }
}

/** Throws CONFIG_INVALID when a rule names a key that is not among those known. */
export function refuseUnknownKeys(
  rules: readonly { readonly id: string; readonly fidelity: { readonly sseCKeys: readonly string[] } }[],
  has: (name: string) => boolean,
): void {
  const lines = rules.flatMap(({ id, fidelity }) =>
    fidelity.sseCKeys
      .filter((name) => !has(name))
      .map(
        (name) => `Rule ${id}: There is no SSE-C key “${name}”. Add it under Settings or with lockstep sse-c-keys add.`,
      ),
  )
  if (lines.length > 0) throw new FaultError(fault('CONFIG_INVALID', lines.join('\n')))
}
