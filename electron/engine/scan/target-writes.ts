import type { BucketAt, CurrentVersion, TwoSidedKey } from '../../../shared/model/rule.ts'
import type { VersionPair } from '../journal/port/versions.ts'
import { align } from '../replicate/versions/align.ts'
import { partsInEtag } from '../replicate/copy/part-layout.ts'
import type { KeyMatch } from '../rule/match.ts'
import type { ListRequest, VersionEntry, VersionPage } from '../store/port.ts'
import { compareKeys } from '../base/key-order.ts'
import { VersionReader } from './version-reader.ts'

/** One key of a rule, versions newest first: the source's as far as the rule brings them. */
export interface KeySides {
  readonly key: string
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  readonly pairs: readonly VersionPair[]
}

/**
 * Would the rule bring something on top of a current version at the target that is not proven a replica? Proven is what the
 * journal paired, what has the id of a source's version, and what is equal to one in content and place.
 * `byTime`: the target puts a version where its time belongs, so that an older one comes to lie below.
 */
function wouldCover({ source, target, pairs }: KeySides, byTime: boolean): boolean {
  const current = target[0]
  if (current === undefined) return false
  const paired = pairs.some(({ targetVersionId }) => targetVersionId === current.versionId)
  if (paired && current.versionId !== 'null') return false
  const alignment = align(source, target, pairs)
  if (alignment.pairs.some(([, replica]) => replica === current)) return false
  return alignment.missing.some((version) => !byTime || version.modifiedAt > current.modifiedAt)
}

/** A source's version that may be the same object though the ETags differ, as they do after uploads in other parts. */
export function lookAlike({ source, target }: KeySides): VersionEntry | null {
  const current = target[0]
  if (current === undefined || current.deleteMarker) return null
  const may = (version: VersionEntry): boolean =>
    !version.deleteMarker &&
    version.sizeBytes === current.sizeBytes &&
    (partsInEtag(version.etag) !== null || partsInEtag(current.etag) !== null)
  return source.find(may) ?? null
}

export interface TargetLook {
  readonly source: BucketAt
  readonly target: BucketAt
  readonly prefix: string
  readonly covers: KeyMatch
  readonly wants: (version: VersionEntry) => boolean
  readonly byTime: boolean
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly pairs: (key: string) => Promise<readonly VersionPair[]>
  /** Is the current version at the target a replica after all, by what the sites say of it? */
  readonly isReplica: (sides: KeySides, signal: AbortSignal) => Promise<boolean>
  readonly now: () => number
  readonly signal: AbortSignal
  readonly onProgress: (keys: number) => void
}

export interface TargetWrites {
  readonly count: number
  /** The look ended early: there may be more. */
  readonly isOver: boolean
  readonly keys: readonly TwoSidedKey[]
}

const kept = 100
/** So many decide nothing that fewer would not. */
const most = 10_000
const askedAtOnce = 16
const progressEvery = 1000

/** Whether the target holds anything at all under the prefix: one page, for the many targets that are new. */
export async function isEmptyTarget({ target, prefix, covers, list, signal }: TargetLook): Promise<boolean> {
  const page = await list(target.site, { bucket: target.bucket, prefix }, signal)
  return page.next === null && !page.entries.some(({ key }) => covers(key))
}

/** Reads both listings side by side and finds what the rule would cover. Writes nothing; a broken listing throws its fault. */
export async function findTargetWrites(look: TargetLook): Promise<TargetWrites> {
  const source = readerOf(look.source, look)
  const target = readerOf(look.target, look)
  const found: TwoSidedKey[] = []
  let asked: KeySides[] = []
  let count = 0
  let keys = 0
  const ask = async (): Promise<void> => {
    const answers = await Promise.all(asked.map((sides) => look.isReplica(sides, look.signal)))
    for (const [index, sides] of asked.entries()) {
      if (answers[index] === true) continue
      count += 1
      if (found.length < kept) found.push(shown(sides))
    }
    asked = []
  }
  await Promise.all([source.fill(), target.fill()])
  for (let key = target.key; key !== null; key = target.key) {
    if (count >= most) break
    look.signal.throwIfAborted()
    while (source.key !== null && compareKeys(source.key, key) < 0) await next(source)
    if (source.key === key && look.covers(key)) {
      const sides = {
        key,
        source: source.group().filter(look.wants),
        target: target.group(),
        pairs: await look.pairs(key),
      }
      if (wouldCover(sides, look.byTime)) asked.push(sides)
      if (asked.length >= askedAtOnce) await ask()
    }
    if (++keys % progressEvery === 0) look.onProgress(keys)
    await next(target)
  }
  await ask()
  look.onProgress(keys)
  return { count, isOver: count >= most, keys: found }
}

function readerOf({ site, bucket }: BucketAt, { prefix, list, now, signal }: TargetLook): VersionReader {
  return new VersionReader({ list: (from) => list(site, { bucket, prefix, from }, signal), now, after: null })
}

async function next(reader: VersionReader): Promise<void> {
  if (!reader.advance()) await reader.fill()
}

function shown({ key, source, target }: KeySides): TwoSidedKey {
  return { key, source: currentOf(source[0]), target: currentOf(target[0]) }
}

/** null where the key has no version. */
export function currentOf(entry: VersionEntry | undefined): CurrentVersion | null {
  if (entry === undefined) return null
  const { versionId, modifiedAt, sizeBytes, deleteMarker } = entry
  return { versionId, modifiedAt, sizeBytes, deleteMarker }
}
