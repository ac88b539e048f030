import type { Clock } from '../base/clock.ts'
import type { ListPosition, ObjectStore } from '../store/port.ts'
import { isCanary } from '../rule/canary-keys.ts'

export interface VersionCount {
  readonly versions: number
  readonly deleteMarkers: number
  readonly bytes: number
  /** false: the limit came first, and there is more. */
  readonly complete: boolean
}

export interface CountLimits {
  readonly versions: number
  readonly timeMs: number
}

/** Counts versions and their bytes under a prefix, up to the limits. Canaries do not count. */
export async function countVersions(
  store: ObjectStore,
  where: { readonly bucket: string; readonly prefix: string },
  limits: CountLimits,
  clock: Clock,
  signal: AbortSignal,
): Promise<VersionCount> {
  const deadlineAt = clock.now() + limits.timeMs
  let [versions, deleteMarkers, bytes] = [0, 0, 0]
  let from: ListPosition | undefined
  do {
    const page = await store.listVersions({ ...where, ...(from === undefined ? {} : { from }) }, { signal })
    for (const entry of page.entries) {
      if (isCanary(entry.key)) continue
      if (entry.deleteMarker) deleteMarkers++
      else versions++
      bytes += entry.sizeBytes
    }
    from = page.next ?? undefined
  } while (from !== undefined && versions + deleteMarkers < limits.versions && clock.now() < deadlineAt)
  return { versions, deleteMarkers, bytes, complete: from === undefined }
}
