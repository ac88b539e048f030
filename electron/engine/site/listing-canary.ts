import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { ListPosition, ObjectStore } from '../store/port.ts'
import { listingNeighbours } from '../rule/canary-keys.ts'
import type { Canary } from './canary.ts'

/** Two at a time, so that a page ends among three keys. */
const limit = 2
/** More pages than three keys need: a site may show one twice, or an empty page. */
const pagesAtMost = 6

/**
 * Tries whether the bucket lists keys that sort around a slash (`x-b`, `x.b`, `x/b`) whole and in order where a page ends among
 * them: a site that lists by folders leaves some out. Throws LISTING_INCOMPLETE or LISTING_UNORDERED; the caller removes the canary.
 */
export async function probeListing(
  canary: Canary,
  store: ObjectStore,
  bucket: string,
  signal: AbortSignal,
): Promise<void> {
  for (const neighbour of listingNeighbours) await canary.write(neighbour, {}, signal)
  const shown = await namesShown(store, bucket, canary.key, signal)
  const names = shown.join(', ') || 'none'
  const told = `Of three keys that were written for a test (${listingNeighbours.join(', ')}) it shows, ${limit} on a page: ${names}.`
  if (listingNeighbours.some((neighbour) => !shown.includes(neighbour)))
    throw new FaultError(fault('LISTING_INCOMPLETE', told))
  if (shown.join() !== listingNeighbours.join()) throw new FaultError(fault('LISTING_UNORDERED', told))
}

/** Each name once, in the order in which it first comes. */
async function namesShown(
  store: ObjectStore,
  bucket: string,
  key: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const shown = new Set<string>()
  let from: ListPosition | undefined
  for (let pages = 0; pages < pagesAtMost; pages++) {
    const page = await store.listVersions({ bucket, prefix: `${key}-around`, from, limit }, { signal })
    for (const entry of page.entries) shown.add(entry.key.slice(key.length))
    if (page.next === null) break
    from = page.next
  }
  return [...shown]
}
