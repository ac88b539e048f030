import { fault, FaultError } from '../../../shared/model/fault.ts'
import { mayFold } from '../s3/folded-key.ts'
import type { CallOptions, ObjectStore, Stored } from '../store/port.ts'

interface KeyAt {
  readonly bucket: string
  readonly key: string
}

/**
 * A store that refuses a key with KEY_NOT_ALLOWED where the site keeps it under another: MinIO takes `/photo` for `photo`, versitygw
 * resolves `a//b` and `a/./b` as the paths of its file system. Such a write would cover an object of that other name, and is answered
 * with success. A key that is there and not in the listing is not written; one that is not listed once written is taken away again.
 * Keys that cannot be folded are written without a question.
 */
export function unfoldedTarget(store: ObjectStore, siteId: string): ObjectStore {
  const isListed = async ({ bucket, key }: KeyAt, options?: CallOptions): Promise<boolean> => {
    const page = await store.listVersions({ bucket, prefix: key, limit: 20 }, options)
    return page.entries.some((entry) => entry.key === key)
  }
  const before = async (at: KeyAt, options?: CallOptions): Promise<void> => {
    if (!mayFold(at.key) || (await isListed(at, options))) return
    if ((await store.presence(at, options)) === 'present') throw folded(siteId)
  }
  const after = async (stored: Stored, { bucket, key }: KeyAt, options?: CallOptions): Promise<Stored> => {
    const { versionId } = stored
    if (!mayFold(key) || (await isListed({ bucket, key }, options))) return stored
    if (versionId !== null && versionId !== 'null')
      await store.deleteVersion(
        { bucket, key, versionId },
        null,
        options === undefined ? {} : { signal: options.signal },
      )
    throw folded(siteId)
  }
  return {
    ...store,
    async put(version, body, options) {
      await before(version, options)
      return after(await store.put(version, body, options), version, options)
    },
    async createUpload(version, options) {
      await before(version, options)
      return store.createUpload(version, options)
    },
    completeUpload: async (upload, parts, identity, sizeBytes, options) =>
      after(await store.completeUpload(upload, parts, identity, sizeBytes, options), upload, options),
    async writeDeleteMarker(ref, identity, options) {
      await before(ref, options)
      return after(await store.writeDeleteMarker(ref, identity, options), ref, options)
    },
  }
}

const folded = (site: string): FaultError =>
  new FaultError(
    fault('KEY_NOT_ALLOWED', `Site ${site} keeps this key under another name: it takes it, and does not list it.`, {
      site,
    }),
  )
