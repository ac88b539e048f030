import { z } from 'zod'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { grantOf, statedGrantSchema, type GatewayGrant } from '../../../shared/model/gateway-grant.ts'
import type { DeclaredGatewayKey, GatewayKeyView, NewGatewayKey } from '../../../shared/model/gateway.ts'
import type { RecordStore } from '../journal/port/records.ts'
import type { CredentialStore } from '../site/credentials.ts'

export const clientKeyRecordSchema = statedGrantSchema
  .extend({ accessKeyId: z.string(), label: z.string(), createdAt: z.number() })
  .transform(grantOf)
type ClientKeyRecord = Readonly<z.infer<typeof clientKeyRecordSchema>>

/** A key of a client, with its secret: never leaves the engine. */
export interface ClientKey extends ClientKeyRecord {
  readonly secretAccessKey: string
  readonly from: GatewayKeyView['from']
  lastUsedAt: number | null
}

export interface ClientKeysOptions {
  readonly records: Pick<RecordStore, 'all' | 'write' | 'erase'>
  readonly credentials: CredentialStore
  readonly environment: Readonly<Record<string, string | undefined>>
  /** That many random bytes. */
  readonly randomBytes: (size: number) => Uint8Array
  readonly now: () => number
}

const recordPrefix = 'gateway-key/'

/** The keys of the gateway's clients: what they may do is kept in the journal, their secrets where those of the sites are. */
export class ClientKeys {
  readonly #options: ClientKeysOptions
  readonly #keys = new Map<string, ClientKey>()
  #generation = 0

  constructor(options: ClientKeysOptions) {
    this.#options = options
  }

  /** Another number whenever a secret may have changed: what was derived from the old ones is void. */
  get generation(): number {
    return this.#generation
  }

  /** Reads what was kept. A key whose secret cannot be read stays out: its client is refused. */
  async load(): Promise<void> {
    const { records, credentials } = this.#options
    for (const [name, value] of await records.all(recordPrefix)) {
      const record = clientKeyRecordSchema.parse(value)
      const kept = await credentials.get(name).catch(() => null)
      if (kept !== null) this.#put(record, kept.secretAccessKey, 'console')
    }
  }

  /** Throws CONFIG_INVALID when a variable that should hold a secret is not set. */
  check(declared: readonly DeclaredGatewayKey[]): void {
    for (const key of declared) this.#secretOf(key)
  }

  /** Keys of a configuration file: for this run only, as the file is read at every start. */
  declare(declared: readonly DeclaredGatewayKey[]): void {
    for (const key of declared) this.#put(this.#recordOf(key, ''), this.#secretOf(key), 'config')
  }

  /** Keys that an operator imported: kept like those made here. */
  async import(declared: readonly DeclaredGatewayKey[]): Promise<void> {
    for (const key of declared) await this.#keep(this.#recordOf(key, 'imported'), this.#secretOf(key))
  }

  find(accessKeyId: string): ClientKey | undefined {
    return this.#keys.get(accessKeyId)
  }

  list(): readonly GatewayKeyView[] {
    return [...this.#keys.values()].map(viewOf)
  }

  /** Throws CONFIG_INVALID when the key would have expired before it was made. */
  async create(wanted: GatewayGrant & { readonly label: string }): Promise<NewGatewayKey> {
    const { randomBytes, now } = this.#options
    if (wanted.expiresAt !== null && wanted.expiresAt <= now()) {
      const remedy = 'Give an instant that is still to come, or none.'
      throw new FaultError(fault('CONFIG_INVALID', 'The key would have expired before it was made.', { remedy }))
    }
    const accessKeyId = `LS${base32(randomBytes(18)).slice(0, 18)}`
    const secretAccessKey = Buffer.from(randomBytes(30)).toString('base64url')
    const key = await this.#keep({ ...wanted, accessKeyId, createdAt: now() }, secretAccessKey)
    return { ...viewOf(key), secretAccessKey }
  }

  async revoke(accessKeyId: string): Promise<void> {
    const key = this.#keys.get(accessKeyId)
    if (key === undefined) throw new FaultError(fault('NOT_FOUND', `There is no client key ${accessKeyId}.`))
    if (key.from === 'config') {
      throw new FaultError(
        fault('CONFLICT', `The client key ${accessKeyId} is declared in the configuration.`, {
          remedy: 'Take it out of the configuration file and start Lockstep again.',
        }),
      )
    }
    // Refused from this moment on, whatever the disk says.
    this.#keys.delete(accessKeyId)
    await this.#options.records.erase(recordPrefix + accessKeyId)
    await this.#options.credentials.remove(recordPrefix + accessKeyId)
  }

  #recordOf({ secretAccessKey: _secret, ...grant }: DeclaredGatewayKey, label: string): ClientKeyRecord {
    return { ...grant, label, createdAt: this.#options.now() }
  }

  /** The secret first: a record without one would be a key that never opens. */
  async #keep(record: ClientKeyRecord, secretAccessKey: string): Promise<ClientKey> {
    const { records, credentials } = this.#options
    const name = recordPrefix + record.accessKeyId
    await credentials.set(name, { accessKeyId: record.accessKeyId, secretAccessKey })
    await records.write(name, record)
    return this.#put(record, secretAccessKey, 'console')
  }

  #put(record: ClientKeyRecord, secretAccessKey: string, from: ClientKey['from']): ClientKey {
    const key = { ...record, secretAccessKey, from, lastUsedAt: this.#keys.get(record.accessKeyId)?.lastUsedAt ?? null }
    this.#keys.set(record.accessKeyId, key)
    this.#generation += 1
    return key
  }

  #secretOf({ accessKeyId, secretAccessKey }: DeclaredGatewayKey): string {
    if (typeof secretAccessKey === 'string') return secretAccessKey
    const secret = this.#options.environment[secretAccessKey.env] ?? ''
    if (secret !== '') return secret
    const message = `The environment lacks ${secretAccessKey.env}, the secret of the client key ${accessKeyId}.`
    throw new FaultError(fault('CONFIG_INVALID', message))
  }
}

const viewOf = ({ secretAccessKey: _secret, ...view }: ClientKey): GatewayKeyView => view

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** One letter a byte: 256 is a multiple of 32, so each is as likely. */
const base32 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => alphabet[byte % 32]).join('')
