import type { CredentialStore } from '../engine/site/credentials.ts'
import type { KeyPair } from '../engine/s3/key-pair.ts'

/** Forgotten with the process: for the demo and for tests. */
export function memoryCredentials(): CredentialStore {
  const entries = new Map<string, KeyPair>()
  return {
    kind: 'memory',
    get: (siteId) => Promise.resolve(entries.get(siteId) ?? null),
    set: (siteId, keys) => {
      entries.set(siteId, keys)
      return Promise.resolve()
    },
    remove: (siteId) => {
      entries.delete(siteId)
      return Promise.resolve()
    },
  }
}
