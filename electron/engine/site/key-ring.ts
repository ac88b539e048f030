import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { SiteView } from '../../../shared/model/site.ts'
import type { CredentialStore } from './credentials.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import type { SiteRecord } from './site-record.ts'

/** The resolved keys of all sites, in memory while the engine runs: workers must not wait for a keychain. */
export class KeyRing {
  readonly #store: CredentialStore
  readonly #environment: Readonly<Record<string, string | undefined>>
  readonly #keys = new Map<string, KeyPair>()

  constructor(store: CredentialStore, environment: Readonly<Record<string, string | undefined>>) {
    this.#store = store
    this.#environment = environment
  }

  /** Throws VAULT_LOCKED or CONFIG_INVALID when the site’s keys could not be read. */
  get(siteId: string, env: string | null): KeyPair {
    const keys = this.#keys.get(siteId)
    if (keys !== undefined) return keys
    if (env !== null) throw missingVariables(siteId, env)
    throw new FaultError(fault('VAULT_LOCKED', `There are no keys for the site ${siteId}.`, { site: siteId }))
  }

  /** Fetches the keys of a site that is known. One whose keys cannot be read stays without, and says so when used. */
  async load(siteId: string, env: string | null): Promise<void> {
    const keys = env === null ? await this.#store.get(siteId) : this.#fromEnvironment(env)
    if (keys !== null) this.#keys.set(siteId, keys)
  }

  /** Throws CONFIG_INVALID when the environment lacks the variables named; changes nothing. */
  check(siteId: string, given: KeyPair | { readonly env: string }): void {
    if ('env' in given && this.#fromEnvironment(given.env) === null) throw missingVariables(siteId, given.env)
  }

  /** Keeps keys given by an operator. Throws CONFIG_INVALID when the environment lacks the variables named. */
  async put(siteId: string, given: KeyPair | { readonly env: string }): Promise<KeyPair> {
    const keys = 'env' in given ? this.#fromEnvironment(given.env) : given
    if (keys === null) throw missingVariables(siteId, 'env' in given ? given.env : '')
    if ('env' in given) await this.#store.remove(siteId)
    else await this.#store.set(siteId, given)
    this.#keys.set(siteId, keys)
    return keys
  }

  async remove(siteId: string): Promise<void> {
    await this.#store.remove(siteId)
    this.#keys.delete(siteId)
  }

  origin({ env }: SiteRecord): SiteView['credentialsFrom'] {
    if (env !== null) return 'environment'
    return this.#store.kind === 'memory' ? 'config' : this.#store.kind
  }

  #fromEnvironment(env: string): KeyPair | null {
    const accessKeyId = this.#environment[`${env}_ACCESS_KEY_ID`] ?? ''
    const secretAccessKey = this.#environment[`${env}_SECRET_ACCESS_KEY`] ?? ''
    return accessKeyId === '' || secretAccessKey === '' ? null : { accessKeyId, secretAccessKey }
  }
}

function missingVariables(siteId: string, env: string): FaultError {
  const message = `The environment lacks ${env}_ACCESS_KEY_ID or ${env}_SECRET_ACCESS_KEY for the site ${siteId}.`
  const remedy = 'Set both variables and start Lockstep again, or enter the keys under Sites.'
  return new FaultError(fault('CONFIG_INVALID', message, { site: siteId, remedy }))
}
