import type { VersionPage } from '../store/port.ts'
import { compareKeys } from '../base/key-order.ts'
import type { Span } from './checkpoint.ts'

/** A span whose keys up to `after` are done. */
export interface Unfinished extends Span {
  readonly after: string
}

/** A tree this deep is split by its upper levels. Each level costs a request. */
const levels = 8

/**
 * Where the rest of a span may be cut in two, by the folders that lie ahead, the outermost first: they are the largest.
 * null when there are none, as among keys without `/`.
 */
export async function splitKey(
  { after, until }: Unfinished,
  prefix: string,
  foldersOf: (prefix: string) => Promise<Pick<VersionPage, 'folders' | 'next'>>,
): Promise<string | null> {
  const isAhead = (folder: string): boolean =>
    compareKeys(folder, after) > 0 && !after.startsWith(folder) && (until === null || compareKeys(folder, until) < 0)
  for (const level of foldersAround(after, prefix)) {
    const { folders, next } = await foldersOf(level)
    const ahead = folders.filter(isAhead)
    // Of an unknown number the most that is known of goes to one part, and all the rest to the other.
    if (ahead.length > 0) return ahead[next === null ? ahead.length >> 1 : ahead.length - 1]!
  }
  return null
}

/** `photos/2026/05/` of a scan below `ph`: `ph`, `photos/`, `photos/2026/`, `photos/2026/05/`. */
function foldersAround(key: string, prefix: string): readonly string[] {
  const around = [prefix]
  for (let at = key.indexOf('/', prefix.length); at >= 0 && around.length < levels; at = key.indexOf('/', at + 1)) {
    around.push(key.slice(0, at + 1))
  }
  return around
}
