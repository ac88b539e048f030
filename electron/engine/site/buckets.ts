import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { BucketView } from '../../../shared/model/site.ts'
import type { CallOptions, ObjectStore } from '../store/port.ts'

const askedAtOnce = 8

/** All buckets that the keys may see. One that is gone in between, or that may not be looked into, shows as unknown. */
export async function bucketViews(store: ObjectStore, options: CallOptions = {}): Promise<readonly BucketView[]> {
  const names = await store.listBuckets(options)
  const views: BucketView[] = []
  for (let from = 0; from < names.length; from += askedAtOnce) {
    const some = names.slice(from, from + askedAtOnce)
    views.push(...(await Promise.all(some.map((name) => viewOrUnknown(store, name, options)))))
  }
  return views
}

async function viewOrUnknown(store: ObjectStore, name: string, options: CallOptions): Promise<BucketView> {
  const unknown: BucketView = { name, versioning: 'unknown', objectLock: false }
  try {
    return (await store.bucket(name, options)) ?? unknown
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'ACCESS_DENIED') return unknown
    throw error
  }
}

/** Creates a bucket as asked, and reads it back. Object lock brings versioning with it. */
export async function createBucketAs(
  store: ObjectStore,
  name: string,
  wanted: { readonly versioning: boolean; readonly objectLock: boolean },
  options: CallOptions = {},
): Promise<BucketView> {
  await store.createBucket(name, { ...options, objectLock: wanted.objectLock })
  if (wanted.versioning && !wanted.objectLock) await store.enableVersioning(name, options)
  const view = await store.bucket(name, options)
  if (view === null) throw new FaultError(fault('BUCKET_MISSING', `The bucket ${name} was created and is not there.`))
  return view
}
