/*
 * Credential vault: secret keys in one encrypted file, for where there is no system keychain (`keychain.ts`). Opened by the
 * hosts before the engine starts.
 */

import { createCipheriv, createDecipheriv, scrypt, type ScryptOptions } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { promisify } from 'node:util'
import { z } from 'zod'
import { fault, FaultError } from '../../shared/model/fault.ts'
import type { CredentialStore } from '../engine/site/credentials.ts'
import type { KeyPair } from '../engine/s3/key-pair.ts'
import { isErrno } from '../engine/base/errno.ts'

export interface VaultOptions {
  readonly file: string
  /** A passphrase's bytes, or the content of a key file. */
  readonly secret: Uint8Array
  readonly randomBytes: (size: number) => Uint8Array
  /** scrypt's cost; tests take a small one. Kept in the file, so a vault opens with the cost it was made with. */
  readonly cost?: number
}

const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'))
const fileSchema = z.object({
  version: z.literal(1),
  kdf: z.object({
    name: z.literal('scrypt'),
    cost: z
      .int()
      .min(2)
      .max(2 ** 20),
    blockSize: z.int().min(1).max(32),
    salt: base64,
  }),
  nonce: base64,
  tag: base64,
  sealed: base64,
})
const entriesSchema = z.record(z.string(), z.object({ accessKeyId: z.string(), secretAccessKey: z.string() }))

interface VaultKey {
  readonly key: Buffer
  readonly salt: Uint8Array
  readonly cost: number
}
type Entries = Readonly<Record<string, KeyPair>>

// OWASP's scrypt setting for one lane: 2^17 × 8 × 128 bytes = 128 MiB once at start.
const defaultCost = 2 ** 17
const blockSize = 8
const deriveBytes = promisify<Uint8Array, Uint8Array, number, ScryptOptions, Buffer>(scrypt)

/** Opens the encrypted credentials file, or makes an empty one. VAULT_LOCKED when the secret is not the one it was made with. */
export async function openVault(options: VaultOptions): Promise<CredentialStore> {
  const text = await readIfThere(options.file)
  if (text !== null) return new Vault(options, ...(await unseal(text, options)))
  const salt = options.randomBytes(16)
  const key = await derive(options.secret, salt, options.cost ?? defaultCost)
  await writeAtomically(options.file, seal({}, key, options.randomBytes(12)))
  return new Vault(options, key, {})
}

class Vault implements CredentialStore {
  readonly kind = 'vault'
  readonly #options: VaultOptions
  readonly #key: VaultKey
  #entries: Entries
  // Writes go one after the other: two at a time could leave the older one in place.
  #written: Promise<void> = Promise.resolve()

  constructor(options: VaultOptions, key: VaultKey, entries: Entries) {
    this.#options = options
    this.#key = key
    this.#entries = entries
  }

  get(siteId: string): Promise<KeyPair | null> {
    return Promise.resolve(this.#entries[siteId] ?? null)
  }

  set(siteId: string, keys: KeyPair): Promise<void> {
    return this.#replace({ ...this.#entries, [siteId]: keys })
  }

  remove(siteId: string): Promise<void> {
    const { [siteId]: _removed, ...rest } = this.#entries
    return this.#replace(rest)
  }

  #replace(entries: Entries): Promise<void> {
    this.#entries = entries
    const write = () => writeAtomically(this.#options.file, seal(entries, this.#key, this.#options.randomBytes(12)))
    const written = this.#written.then(write)
    this.#written = written.catch(() => undefined)
    return written
  }
}

async function derive(secret: Uint8Array, salt: Uint8Array, cost: number): Promise<VaultKey> {
  const key = await deriveBytes(secret, salt, 32, { N: cost, r: blockSize, p: 1, maxmem: 256 * cost * blockSize })
  return { key, salt, cost }
}

function seal(entries: Entries, { key, salt, cost }: VaultKey, nonce: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(JSON.stringify(entries), 'utf8'), cipher.final()])
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const kdf = { name: 'scrypt', cost, blockSize, salt: text(salt) }
  return JSON.stringify({ version: 1, kdf, nonce: text(nonce), tag: text(cipher.getAuthTag()), sealed: text(sealed) })
}

async function unseal(text: string, { file, secret }: VaultOptions): Promise<[VaultKey, Entries]> {
  try {
    const { kdf, nonce, tag, sealed } = fileSchema.parse(JSON.parse(text))
    const key = await derive(secret, kdf.salt, kdf.cost)
    const cipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: 16 }).setAuthTag(tag)
    const plain = Buffer.concat([cipher.update(sealed), cipher.final()]).toString('utf8')
    return [key, entriesSchema.parse(JSON.parse(plain))]
  } catch (error) {
    throw new FaultError(fault('VAULT_LOCKED', `${file} does not open with this passphrase or key.`), { cause: error })
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw new FaultError(fault('VAULT_LOCKED', `${file} cannot be read.`), { cause: error })
  }
}

/** Written aside, synced, then renamed: a crash leaves the old file or the new one, never a part. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`
  const handle = await open(draft, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, file)
}
