import { createBucketAs } from '../buckets.ts'
import { failed, ok, place, type CheckContext, type Finding, type Repair, type Side } from './check.ts'

/** Is the bucket there? A target bucket can be created; a source without its bucket is most likely a misspelt name. */
export async function checkBucket(side: Side, context: CheckContext): Promise<Finding> {
  const view = await side.store().bucket(side.bucket, { signal: context.signal })
  if (view !== null) return ok(`The bucket ${place(side)} exists.`)
  const repair = side.role === 'target' ? await creation(side, context) : null
  return failed('BUCKET_MISSING', `There is no bucket ${place(side)}.`, side, { repair })
}

/** Object lock can be set at creation only, so it must be right at the first go. */
async function creation(side: Side, { source, signal }: CheckContext): Promise<Repair> {
  const view = await source
    .store()
    .bucket(source.bucket, { signal })
    .catch(() => null)
  const objectLock = view?.objectLock ?? false
  return {
    label: `Create bucket ${place(side)} with versioning${objectLock ? ' and object lock, like the source' : ''}`,
    async mend(context) {
      await createBucketAs(side.store(), side.bucket, { versioning: true, objectLock }, { signal: context.signal })
    },
  }
}
