import { FaultError } from '../../../../shared/model/fault.ts'
import type { ObjectStore } from '../../store/port.ts'

/** One may be kept from the key by its own access list: of so many, one that is given is enough. */
const objectsTried = 3

/**
 * May the key read what lies under the prefix? By the heads of the first objects there: of one that is not there Ceph says so to whoever may
 * list, whatever else is refused. null: there is nothing to read, or the site said neither.
 */
export async function mayRead(
  store: ObjectStore,
  at: { readonly bucket: string; readonly prefix: string },
  signal: AbortSignal,
): Promise<boolean | null> {
  try {
    const { entries } = await store.listVersions({ ...at, current: true, limit: objectsTried }, { signal })
    let isRefused = false
    for (const { key } of entries) {
      const answer = await headOf(store, { bucket: at.bucket, key }, signal)
      if (answer === 'given') return true
      isRefused ||= answer === 'denied'
    }
    return isRefused ? false : null
  } catch (error) {
    if (error instanceof FaultError) return null
    throw error
  }
}

async function headOf(
  store: ObjectStore,
  ref: { readonly bucket: string; readonly key: string },
  signal: AbortSignal,
): Promise<'given' | 'denied' | 'gone'> {
  try {
    return (await store.head(ref, { signal })) === null ? 'gone' : 'given'
  } catch (error) {
    if (isDenied(error)) return 'denied'
    throw error
  }
}

export const isDenied = (error: unknown): boolean => error instanceof FaultError && error.fault.code === 'ACCESS_DENIED'
