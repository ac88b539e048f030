import { faultKinds, FaultError, type Fault } from '../../../shared/model/fault.ts'
import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { NewTask } from '../journal/port/tasks.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import type { CarriedAcl } from '../replicate/fidelity/acl.ts'
import { align } from '../replicate/versions/align.ts'
import { metadataChanges, type MetadataSides } from '../replicate/copy/metadata.ts'
import type { KeyMatch } from '../rule/match.ts'
import type { ListRequest, ObjectStore, VersionEntry, VersionPage } from '../store/port.ts'
import { compareKeys } from '../base/key-order.ts'
import { VersionReader } from './version-reader.ts'

export interface AttributePassOptions {
  readonly linkId: string
  readonly source: BucketAt
  readonly target: BucketAt
  readonly rule: Pick<Rule, 'objectLock' | 'filter' | 'fidelity'>
  readonly covers: KeyMatch
  readonly wants: (version: VersionEntry) => boolean
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly store: (siteId: string) => ObjectStore
  readonly pairs: (key: string) => Promise<readonly VersionPair[]>
  /** Something of the key is on its way: it is brought with its tags and locks. */
  readonly isPending: (key: string) => boolean
  /** A task for a version whose replica has other tags or locks; durable when it resolves. */
  readonly differs: (task: Omit<NewTask, 'changedAt'>, version: VersionEntry) => Promise<void>
  /** Another rule copies the other way: which side is right is found out by the worker. */
  readonly isTwoWay: () => boolean
  /** The target refuses some tags, and the rule lets copies go without those. */
  readonly leavesOutTags: () => boolean
  /** The grants that the link carries; null where the rule leaves them at the source. */
  readonly acl: () => CarriedAcl | null
  /** Resolves when the next version may be looked at. */
  readonly turn: () => Promise<void>
  /** Goes on after this key; null: from the first. */
  readonly after: string | null
  readonly onKey: (key: string) => void
  /** A version was compared, or could not be. */
  readonly onVersion: (unseen: Fault | null) => void
  readonly now: () => number
  readonly signal: AbortSignal
}

/** A pass stays on a page for minutes: small pages hold little memory while they wait. */
const pageSize = 50

/**
 * One slow round over all versions of a link: compares tags, retention, hold and, where the rule carries them, grants of each version with those of its replica, by asking
 * both sites, at the pace of `turn`. Ends at the last key. A fault of a whole site or of a listing is thrown; a version that
 * alone cannot be read is told and passed over.
 */
export async function passAttributes(options: AttributePassOptions): Promise<void> {
  const { signal, covers, onKey } = options
  const source = readerOf(options.source, options)
  const target = readerOf(options.target, options)
  await Promise.all([source.fill(), target.fill()])
  for (let key = source.key; key !== null; key = source.key) {
    signal.throwIfAborted()
    while (target.key !== null && compareKeys(target.key, key) < 0) await next(target)
    if (target.key === key && covers(key)) await lookAtKey(key, source.group(), target.group(), options)
    onKey(key)
    await next(source)
  }
}

async function lookAtKey(
  key: string,
  ours: readonly VersionEntry[],
  theirs: readonly VersionEntry[],
  options: AttributePassOptions,
): Promise<void> {
  const { wants, pairs, isPending, turn, onVersion } = options
  for (const [version, replica] of align(ours.filter(wants), theirs, await pairs(key)).pairs) {
    if (version.deleteMarker) continue
    await turn()
    if (isPending(key)) return
    onVersion(await lookAt(version, replica, options))
  }
}

/** null: compared. */
async function lookAt(
  version: VersionEntry,
  replica: VersionEntry,
  options: AttributePassOptions,
): Promise<Fault | null> {
  const { linkId, differs, isTwoWay, signal } = options
  try {
    if (await isSame(version, replica, options)) return null
  } catch (error) {
    if (signal.aborted || !(error instanceof FaultError) || faultKinds[error.fault.code].ofSite) throw error
    return error.fault
  }
  const { key, versionId } = version
  const operation = isTwoWay() ? 'put' : 'metadata'
  await differs({ linkId, key, versionId, operation, sizeBytes: null, absentSeenAt: 0 }, version)
  return null
}

/** True also where one of the two is gone since it was listed: that is for events and scans to find. */
async function isSame(
  { key, versionId }: VersionEntry,
  replica: VersionEntry,
  { source: at, target: to, rule, store, leavesOutTags, acl, now, signal }: AttributePassOptions,
): Promise<boolean> {
  const [source, target] = [store(at.site), store(to.site)]
  const ours = { bucket: at.bucket, key, versionId }
  const theirs = { bucket: to.bucket, key, versionId: replica.versionId }
  const [there, here] = await Promise.all([source.head(ours, { signal }), target.head(theirs, { signal })])
  if (there === null || here === null) return true
  const sides: MetadataSides = {
    from: ours,
    to: theirs,
    source,
    target,
    objectLock: rule.objectLock,
    shortensGovernance: rule.fidelity.shortenGovernance,
    leavesOutTags: leavesOutTags(),
    acl: acl(),
    now: now(),
    signal,
  }
  const changes = await metadataChanges(there, here, sides)
  return changes.tags === null && changes.acl === null && changes.lock === null
}

function readerOf({ site, bucket }: BucketAt, options: AttributePassOptions): VersionReader {
  const { list, rule, now, after, signal } = options
  const { prefix } = rule.filter
  return new VersionReader({
    list: (from) => list(site, { bucket, prefix, from, limit: pageSize }, signal),
    now,
    after,
  })
}

async function next(reader: VersionReader): Promise<void> {
  if (!reader.advance()) await reader.fill()
}
