import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import { FaultError } from '../../../../shared/model/fault.ts'
import type { ObjectStore } from '../../store/port.ts'
import { ok, place, type CheckContext, type Finding } from './check.ts'
import { RightsTally } from './rights-tally.ts'

/** May the key list versions at the source, and read one with its tags? */
export async function checkSourceRights({ source, prefix, signal }: CheckContext): Promise<Finding> {
  const store = source.store()
  const tally = new RightsTally()
  let ref: ObjectRef | null = null
  await tally.allows('s3:ListBucketVersions', async () => {
    const { entries } = await store.listVersions({ bucket: source.bucket, prefix, limit: 100 }, { signal })
    const entry = entries.find(({ deleteMarker }) => !deleteMarker)
    if (entry !== undefined) ref = { bucket: source.bucket, key: entry.key, versionId: entry.versionId }
  })
  if (ref !== null) await tryReading(store, ref, tally, signal)
  const rights = 's3:ListBucketVersions, s3:GetObjectVersion and s3:GetObjectVersionTagging'
  const bad = tally.verdict(source)
  if (bad !== null) return bad
  if (ref === null)
    return ok(`The key may list ${place(source)}. There is nothing to read yet, so reading was not tried.`)
  return ok(`The key has ${rights} on ${place(source)}.`)
}

async function tryReading(store: ObjectStore, ref: ObjectRef, tally: RightsTally, signal: AbortSignal): Promise<void> {
  await tally.allows('s3:GetObjectVersion', async () => {
    const object = await store.get(ref, { signal }).catch(unlessEncrypted)
    object?.body.once('error', () => undefined).destroy()
  })
  await tally.allows('s3:GetObjectVersionTagging', () => store.getTags(ref, { signal }))
}

/** An object that only its owner can read says nothing of the key’s rights. */
function unlessEncrypted(error: unknown): null {
  if (error instanceof FaultError && error.fault.code === 'ENCRYPTION_KEY_NEEDED') return null
  throw error
}
