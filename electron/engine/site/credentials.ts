import type { KeyPair } from '../s3/key-pair.ts'

/** Where secrets rest: the OS keychain (Electron), an encrypted vault file (`serve`), or memory (tests and the demo). */
export interface CredentialStore {
  readonly kind: 'keychain' | 'vault' | 'memory'
  /** By site id, or by `gateway-key/<access key id>`. */
  get(name: string): Promise<KeyPair | null>
  set(name: string, keys: KeyPair): Promise<void>
  remove(name: string): Promise<void>
}
