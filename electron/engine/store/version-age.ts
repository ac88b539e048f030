import type { VersionEntry } from './port.ts'

/** Is `a` newer than `b` of the same key, by what a listing says of their age? null: it does not tell. */
export function isNewer(a: VersionEntry, b: VersionEntry): boolean | null {
  const [ours, theirs] = [timedId(a), timedId(b)]
  if (ours && theirs && a.versionId !== b.versionId) return a.versionId > b.versionId
  if (a.modifiedAt >= b.modifiedAt + precisionMs(b)) return true
  if (b.modifiedAt >= a.modifiedAt + precisionMs(a)) return false
  return null
}

/** A time of a whole second is one that was cut: it may have been any of its milliseconds. */
const precisionMs = ({ modifiedAt }: VersionEntry): number => (modifiedAt % 1000 === 0 ? 1000 : 1)

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const dayMs = 86_400_000

/**
 * Is the version id a ULID (github.com/ulid/spec), as versitygw makes them? Such ids sort by the time of the write, and by their
 * order within it. One whose time is not the entry's only looks like one.
 */
function timedId({ versionId, modifiedAt }: VersionEntry): boolean {
  if (!ulid.test(versionId)) return false
  let at = 0
  for (let i = 0; i < 10; i++) at = at * 32 + digits.indexOf(versionId[i]!)
  return Math.abs(at - modifiedAt) < dayMs
}
