import { failed, ok, place, warning, type CheckContext, type Finding } from './check.ts'

/** Is object lock alike on both sides? It is set when a bucket is created, and can be changed by nobody afterwards. */
export async function checkObjectLock({ source, target, signal }: CheckContext): Promise<Finding> {
  const [from, to] = await Promise.all(
    [source, target].map(async (side) => (await side.store().bucket(side.bucket, { signal }))?.objectLock ?? false),
  )
  if (from === to) return ok(from === true ? 'Both buckets have object lock.' : 'Neither bucket has object lock.')
  if (from === true) {
    const found = `${place(source)} has object lock, ${place(target)} has not, and it can be set only when a bucket is created: locked objects could not be copied.`
    return failed('BUCKET_LOCK_MISSING', found, target)
  }
  return warning(
    `${place(target)} has object lock, ${place(source)} has not. A default retention at the target would keep copies from being deleted.`,
  )
}
