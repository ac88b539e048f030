import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { SafeStorage } from 'electron'
import { fault, FaultError } from '../../shared/model/fault.ts'
import type { CredentialStore } from '../engine/site/credentials.ts'
import type { KeyPair } from '../engine/s3/key-pair.ts'
import { writeAtomically } from './vault.ts'
import { isErrno } from '../engine/base/errno.ts'

export type Keychain = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptStringAsync' | 'decryptStringAsync'
>

const fileSchema = z.record(z.string(), z.base64())
const keyPairSchema = z.object({ accessKeyId: z.string(), secretAccessKey: z.string() })

/**
 * Credentials sealed by the operating system's keychain, or null where there is none to trust: then a passphrase vault
 * is asked for. On Linux without a keyring Chromium falls back to `basic_text`, a password known to everyone.
 */
export async function openKeychain(
  keychain: Keychain,
  file: string,
  platform: NodeJS.Platform,
): Promise<CredentialStore | null> {
  if (
    platform === 'linux' &&
    !['gnome_libsecret', 'kwallet', 'kwallet5', 'kwallet6'].includes(keychain.getSelectedStorageBackend())
  )
    return null
  if (!(await keychain.isAsyncEncryptionAvailable())) return null
  return new KeychainStore(keychain, file, await readSealed(file))
}

class KeychainStore implements CredentialStore {
  readonly kind = 'keychain'
  readonly #keychain: Keychain
  readonly #file: string
  #sealed: Readonly<Record<string, string>>
  // Writes go one after the other: two at a time could leave the older one in place.
  #written: Promise<void> = Promise.resolve()

  constructor(keychain: Keychain, file: string, sealed: Readonly<Record<string, string>>) {
    this.#keychain = keychain
    this.#file = file
    this.#sealed = sealed
  }

  async get(siteId: string): Promise<KeyPair | null> {
    const sealed = this.#sealed[siteId]
    if (sealed === undefined) return null
    try {
      const { result } = await this.#keychain.decryptStringAsync(Buffer.from(sealed, 'base64'))
      return keyPairSchema.parse(JSON.parse(result))
    } catch (error) {
      throw new FaultError(fault('VAULT_LOCKED', `The keychain did not open the credentials of site "${siteId}".`), {
        cause: error,
      })
    }
  }

  async set(siteId: string, keys: KeyPair): Promise<void> {
    const sealed = await this.#keychain.encryptStringAsync(JSON.stringify(keys))
    await this.#replace({ ...this.#sealed, [siteId]: sealed.toString('base64') })
  }

  remove(siteId: string): Promise<void> {
    const { [siteId]: _removed, ...rest } = this.#sealed
    return this.#replace(rest)
  }

  #replace(sealed: Readonly<Record<string, string>>): Promise<void> {
    this.#sealed = sealed
    const written = this.#written.then(() => writeAtomically(this.#file, JSON.stringify(this.#sealed)))
    this.#written = written.catch(() => undefined)
    return written
  }
}

async function readSealed(file: string): Promise<Readonly<Record<string, string>>> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return {}
    throw new FaultError(fault('VAULT_LOCKED', `${file} cannot be read.`), { cause: error })
  }
}
