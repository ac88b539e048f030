import { FaultError } from '../../../../shared/model/fault.ts'
import { createBucketAs } from '../buckets.ts'
import { failed, ok, place, warning, type CheckContext, type Finding, type Repair, type Side } from './check.ts'

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
    async apply(context) {
      await createBucketAs(side.store(), side.bucket, { versioning: true, objectLock }, { signal: context.signal })
    },
  }
}

/** Is versioning on? Without it neither side keeps a history that could be kept in step. */
export async function checkVersioning(side: Side, { signal }: CheckContext): Promise<Finding> {
  const view = await side.store().bucket(side.bucket, { signal })
  const versioning = view?.versioning ?? 'Off'
  if (versioning === 'Enabled') return ok(`Versioning is enabled on ${place(side)}.`)
  if (versioning === 'unknown') {
    return warning(
      `The key may not read the versioning of ${place(side)} (s3:GetBucketVersioning). It must be enabled.`,
    )
  }
  const found = `Versioning is ${versioning === 'Off' ? 'off' : 'suspended'} on ${place(side)}.`
  return failed('BUCKET_UNVERSIONED', found, side, { repair: enabling(side) })
}

const enabling = (side: Side): Repair => ({
  label: `Enable versioning on bucket ${place(side)}`,
  apply: ({ signal }) => side.store().enableVersioning(side.bucket, { signal }),
})

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

/** Do the sites replicate these buckets by themselves? Two engines on one pair do the work twice and undo each other. */
export async function checkNativeReplication({ source, target, signal }: CheckContext): Promise<Finding> {
  const sides = [source, target]
  const rules = await Promise.all(sides.map((side) => nativeRules(side, signal)))
  const found = sides.flatMap((side, index) => {
    const here = rules[index]
    return here === null || here === undefined || here.length === 0 ? [] : [`${place(side)}: ${here.join('; ')}`]
  })
  if (found.length > 0) {
    const what = `The sites replicate by rules of their own: ${found.join('. ')}`
    return warning(`${what}. Where one of them covers this pair, remove it, or the work is done twice.`)
  }
  const hidden = sides.filter((_, index) => rules[index] === null)
  if (hidden.length === 0) return ok('Neither bucket has a replication rule of its own site.')
  const where = hidden.map(place).join(' and ')
  return warning(`The key may not read the replication rules of ${where} (s3:GetReplicationConfiguration).`)
}

async function nativeRules(side: Side, signal: AbortSignal): Promise<readonly string[] | null> {
  try {
    return await side.store().nativeReplication(side.bucket, { signal })
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'ACCESS_DENIED') return null
    throw error
  }
}
