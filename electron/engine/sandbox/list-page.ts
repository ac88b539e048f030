import type { Version, VersionTable } from './version-table.ts'

export interface ListQuestion {
  readonly bucketId: number
  readonly prefix: string
  /** '' for none. */
  readonly delimiter: string
  readonly limit: number
  /** Start after this key (or common prefix); '' starts at the beginning. */
  readonly after: string
  /** With `after`: start behind this version of that key instead of behind the whole key. */
  readonly afterVersionId?: string | undefined
}

export interface ListPage {
  readonly versions: readonly ListedVersion[]
  readonly commonPrefixes: readonly string[]
  /** The last thing listed, when more follows. */
  readonly next: { readonly key: string; readonly versionId: string | null } | null
}

export interface ListedVersion {
  readonly version: Version
  readonly isLatest: boolean
}

type OpenList = (question: ListQuestion) => Generator<ListedVersion>

/** One page of ListObjectVersions: every version and marker, keys in UTF-8 order, newest first. */
export function listVersions(table: VersionTable, question: ListQuestion): ListPage {
  return collect((from) => withLatest(table, from), question)
}

/** One page of ListObjects: current objects only. */
export function listCurrent(table: VersionTable, question: ListQuestion): ListPage {
  return collect((from) => current(withLatest(table, from)), question)
}

function* current(versions: Generator<ListedVersion>): Generator<ListedVersion> {
  for (const listed of versions) if (listed.isLatest && !listed.version.deleteMarker) yield listed
}

function* withLatest(table: VersionTable, question: ListQuestion): Generator<ListedVersion> {
  const marker = markerOf(table, question)
  let key = marker?.key
  for (const version of candidates(table, question, marker)) {
    const isLatest = version.key !== key
    key = version.key
    yield { version, isLatest }
  }
}

function markerOf(table: VersionTable, { bucketId, after, afterVersionId }: ListQuestion): Version | undefined {
  return afterVersionId === undefined ? undefined : table.find(bucketId, after, afterVersionId)
}

/** Versions behind the marker, within the prefix. */
function* candidates(table: VersionTable, question: ListQuestion, marker: Version | undefined): Generator<Version> {
  const { bucketId, prefix } = question
  if (marker?.key.startsWith(prefix) === true) yield* table.olderThan(bucketId, marker.key, marker)
  const from = startOfScan(question, marker)
  if (from === null) return
  for (const version of table.scan(bucketId, from)) {
    if (!version.key.startsWith(prefix)) return
    yield version
  }
}

function startOfScan(
  { prefix, delimiter, after, afterVersionId }: ListQuestion,
  marker: Version | undefined,
): { readonly key: string; readonly inclusive: boolean } | null {
  if (after === '' || isBefore(after, prefix)) return { key: prefix, inclusive: true }
  // The marker's version is gone by now: all of the key's versions come again, because repeated is better than lost.
  if (afterVersionId !== undefined && marker === undefined) return { key: after, inclusive: true }
  const isGroup = delimiter !== '' && after.endsWith(delimiter) && after.startsWith(prefix) && after !== prefix
  if (!isGroup) return { key: after, inclusive: false }
  const end = successor(after)
  return end === null ? null : { key: end, inclusive: true }
}

/** UTF-8 order, which differs from JavaScript's own order for characters beyond U+FFFF. */
function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
}

/** The least text after everything that begins with `text`; null when there is none. */
function successor(text: string): string | null {
  const points = Array.from(text)
  while (points.length > 0) {
    const last = points.pop()!.codePointAt(0)!
    if (last < 0x10ffff) {
      // The surrogates are no characters: the one after U+D7FF is U+E000.
      points.push(String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1))
      return points.join('')
    }
  }
  return null
}

function collect(open: OpenList, question: ListQuestion): ListPage {
  const versions: ListedVersion[] = []
  const commonPrefixes: string[] = []
  let last: ListPage['next'] = null
  let rest = open(question)
  for (let step = rest.next(); step.done !== true; step = rest.next()) {
    const { key, versionId } = step.value.version
    if (versions.length + commonPrefixes.length >= question.limit) {
      rest.return(undefined)
      return { versions, commonPrefixes, next: last }
    }
    const group = groupOf(key, question)
    last = { key: group ?? key, versionId: group === null ? versionId : null }
    if (group === null) versions.push(step.value)
    else {
      commonPrefixes.push(group)
      rest.return(undefined)
      rest = open({ ...question, after: group, afterVersionId: undefined })
    }
  }
  return { versions, commonPrefixes, next: null }
}

/** The common prefix that a key is folded into; null when it stands for itself. */
function groupOf(key: string, { prefix, delimiter }: ListQuestion): string | null {
  if (delimiter === '') return null
  const at = key.indexOf(delimiter, prefix.length)
  return at < 0 ? null : key.slice(0, at + delimiter.length)
}
