import type { ObjectStore } from '../../store/port.ts'
import { withCanary, type Canary } from '../canary.ts'
import { ok, place, type CheckContext, type Finding } from './check.ts'
import { RightsTally } from './rights-tally.ts'

/** May the key write, read, tag and delete a version at the target? Tried with a canary that is removed again. */
export async function checkTargetRights({ target, ports, signal }: CheckContext): Promise<Finding> {
  const store = target.store()
  const tally = new RightsTally()
  const { left } = await withCanary(store, target.bucket, ports, signal, (canary, versioned) =>
    tryAll(store, target.bucket, canary, versioned, tally, signal),
  )
  if (left?.code === 'ACCESS_DENIED') tally.miss('s3:DeleteObjectVersion')
  const bad = tally.verdict(target)
  if (bad !== null) return bad
  return ok(`The key may write, list, read, tag and delete versions in ${place(target)}; tried with a canary.`)
}

async function tryAll(
  store: ObjectStore,
  bucket: string,
  canary: Canary,
  versioned: boolean,
  tally: RightsTally,
  signal: AbortSignal,
): Promise<void> {
  let versionId: string | undefined
  const written = await tally.allows('s3:PutObject', async () => {
    versionId = (await canary.put('mints', null, 0, signal)).versionId ?? undefined
  })
  if (!written) return
  const ref = { bucket, key: canary.key, ...(versioned && versionId !== undefined ? { versionId } : {}) }
  const of = versioned ? 'ObjectVersion' : 'Object'
  await tally.allows('s3:ListBucketVersions', () => canary.versions(store, bucket, signal))
  await tally.allows(`s3:Get${of}`, () => store.head(ref, { signal }))
  await tally.allows(`s3:Put${of}Tagging`, () => store.putTags(ref, { canary: 'yes' }, { signal }))
  await tally.allows(`s3:Get${of}Tagging`, () => store.getTags(ref, { signal }))
  if (versioned) await tally.allows('s3:DeleteObject', () => store.writeDeleteMarker(ref, null, { signal }))
}
