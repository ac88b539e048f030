import { countOf } from '../../../../shared/text/count.ts'
import { FaultError } from '../../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import type { ObjectStore } from '../../store/port.ts'
import { withCanary, type Canary } from '../canary.ts'
import { failed, ok, place, warning, type CheckContext, type Finding, type Side } from './check.ts'
import { listed } from './text.ts'

/** Does the site know the key, and accept its signature? */
export async function checkSignIn(side: Side, { signal }: CheckContext): Promise<Finding> {
  try {
    const names = await side.store().listBuckets({ signal })
    return ok(`Signed in; the key sees ${countOf(names.length, 'bucket')}.`)
  } catch (error) {
    // Wrong keys have codes of their own: this one means that the signature was good.
    if (error instanceof FaultError && error.fault.code === 'ACCESS_DENIED')
      return ok('Signed in. The key may not list all buckets (s3:ListAllMyBuckets), which is not needed.')
    throw error
  }
}

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

/** Collects which rights are missing, in the words that policies use for them. */
class RightsTally {
  readonly #missing = new Set<string>()
  readonly #unsupported = new Set<string>()

  /** Tries `ask`, which needs the right `action`. False when it is refused for want of it, or not known to the site. */
  async allows(action: string, ask: () => Promise<unknown>): Promise<boolean> {
    try {
      await ask()
      return true
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      const { code } = error.fault
      if (code !== 'ACCESS_DENIED' && code !== 'NOT_SUPPORTED') throw error
      if (code === 'ACCESS_DENIED') this.miss(action)
      else this.#unsupported.add(action)
      return false
    }
  }

  miss(action: string): void {
    this.#missing.add(action)
  }

  /** null when every right is there. */
  verdict(side: Side): Finding | null {
    if (this.#missing.size > 0) {
      const rights = listed([...this.#missing])
      return failed('ACCESS_DENIED', `The key lacks ${rights} on ${place(side)}.`, side)
    }
    if (this.#unsupported.size > 0)
      return warning(
        `The site does not know ${listed([...this.#unsupported])}: what needs it will be listed as failed.`,
      )
    return null
  }
}
