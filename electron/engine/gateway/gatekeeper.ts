import type { ClientKey } from './client-keys.ts'
import { checkLimits, hasExpired } from './grant-limits.ts'
import type { S3Call } from './protocol/read-call.ts'
import { S3Error } from '../s3/s3-error.ts'

/** Says what a client key may do. The site itself sees only Lockstep's own key, so that what is not refused here is not refused at all. */
export class Gatekeeper {
  readonly #find: (accessKeyId: string) => ClientKey | undefined

  constructor(find: (accessKeyId: string) => ClientKey | undefined) {
    this.#find = find
  }

  secretOf(accessKeyId: string): string | undefined {
    return this.#find(accessKeyId)?.secretAccessKey
  }

  /** Throws AccessDenied. Returns the key, for what an answer must leave out. */
  admit(accessKeyId: string, call: S3Call, now: number): ClientKey {
    const key = this.#find(accessKeyId)
    if (key === undefined) throw new S3Error('InvalidAccessKeyId')
    checkLimits(key, call, now)
    return key
  }

  /** Whether a key that was admitted is still as it was: not revoked, not replaced, not expired. */
  stillAdmits(key: ClientKey, now: number): boolean {
    return this.#find(key.accessKeyId) === key && !hasExpired(key, now)
  }
}
