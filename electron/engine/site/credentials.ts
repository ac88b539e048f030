/** The resolved keys of one site. Lives in the main process and its transfer threads only. */
export interface KeyPair {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Where secrets rest: the OS keychain (Electron), an encrypted vault file (`serve`), or memory (tests and the demo). */
export interface CredentialStore {
  readonly kind: 'keychain' | 'vault' | 'memory'
  get(siteId: string): Promise<KeyPair | null>
  set(siteId: string, keys: KeyPair): Promise<void>
  remove(siteId: string): Promise<void>
}
