import type { SecureContext } from 'node:tls'
import type { BucketAdministration, BucketAdministrationOptions } from './bucket-administration.ts'
import type { ObjectStore } from './port.ts'

type BucketQuestion =
  'listBuckets' | 'bucketDates' | 'bucket' | 'createBucket' | 'enableVersioning' | 'nativeReplication'

type LateOptions = Omit<BucketAdministrationOptions, 'secureContext'> & {
  readonly secureContext: () => SecureContext | undefined
}

/** Bucket administration by the SDK, loaded when a bucket is first asked about: neither a start without sites nor a transfer thread needs it. */
export class LateAdministration {
  readonly calls: Pick<ObjectStore, BucketQuestion>
  readonly #options: LateOptions
  #loaded: Promise<BucketAdministration> | null = null

  constructor(options: LateOptions) {
    this.#options = options
    this.calls = {
      listBuckets: async (call) => (await this.#load()).listBuckets(call),
      bucketDates: async (call) => (await this.#load()).bucketDates(call),
      bucket: async (name, call) => (await this.#load()).bucket(name, call),
      createBucket: async (name, call) => (await this.#load()).createBucket(name, call),
      enableVersioning: async (name, call) => (await this.#load()).enableVersioning(name, call),
      nativeReplication: async (name, call) => (await this.#load()).nativeReplication(name, call),
    }
  }

  close(reason: Error): void {
    // What could not be loaded has nothing to close; whoever asked for it heard why.
    void this.#loaded?.then(
      (administration) => administration.close(reason),
      () => undefined,
    )
  }

  #load(): Promise<BucketAdministration> {
    const { secureContext, ...options } = this.#options
    return (this.#loaded ??= import('./bucket-administration.ts').then(
      (loaded) => new loaded.BucketAdministration({ ...options, secureContext: secureContext() }),
    ))
  }
}
