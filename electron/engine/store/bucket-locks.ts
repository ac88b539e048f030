import type { CallOptions, NewVersion } from './port.ts'
import type { SignedCalls } from './signed-calls.ts'

/**
 * Ceph 16 refuses lock headers in a bucket without object lock, except from system users: from them it takes the object
 * and drops the lock without a word. Those are the users whose version ids it adopts, so there the bucket is asked first.
 */
export class BucketLocks {
  readonly #calls: SignedCalls
  /** A lock can never be taken off a bucket: asked once is asked for good. */
  readonly #locked = new Set<string>()

  constructor(calls: SignedCalls) {
    this.#calls = calls
  }

  /** Throws BUCKET_LOCK_MISSING when the version's lock would be lost. */
  async demandFor({ bucket, lock, identity }: NewVersion, { signal }: CallOptions): Promise<void> {
    if (lock === null || identity?.style !== 'adopts-ceph' || this.#locked.has(bucket)) return
    const query = [['object-lock', '']] as const
    await this.#calls.send({ operation: 'GetObjectLockConfiguration', method: 'GET', bucket, query, signal })
    this.#locked.add(bucket)
  }
}
