import type { Filter } from '../../../shared/model/rule.ts'
import { isCanary } from './canary-keys.ts'
import { matchesGlob } from './glob.ts'

/** Says whether a rule covers a key; tags are asked for separately, because listings and most events carry none. */
export type KeyMatch = (key: string) => boolean

/** Compiles the prefix and the excludes of a filter; do it once per rule, the result is called for every key. */
export function compileKeyMatch(filter: Pick<Filter, 'prefix' | 'exclude'>): KeyMatch {
  const { prefix, exclude } = filter
  const covers = (key: string): boolean => key.startsWith(prefix) && !isCanary(key)
  if (exclude.length === 0) return covers
  return (key) => covers(key) && !exclude.some((glob) => matchesGlob(glob, key))
}

/** All tags of the filter must be on the version with the same value; a filter without tags takes every version. */
export function matchesTags(filter: Pick<Filter, 'tags'>, tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(filter.tags).every(([name, value]) => Object.hasOwn(tags, name) && tags[name] === value)
}

/** The longer of two prefixes that overlap; null when no key can have both. */
export function narrowerPrefix(a: string, b: string): string | null {
  if (b.startsWith(a)) return b
  return a.startsWith(b) ? a : null
}

/** Can some key fall under both prefixes? */
export function prefixesOverlap(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a)
}
