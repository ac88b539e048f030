import { compareKeys } from '../base/key-order.ts'
import { plainEtag } from './object-head.ts'
import type { ListPosition, VersionEntry, VersionPage } from './port.ts'
import { inListingOrder, type SeenForm } from './version-order.ts'
import { scanXml, XmlError } from '../s3/xml-scan.ts'

interface OpenEntry {
  key: string
  versionId: string
  isLatest: boolean
  etag: string
  sizeBytes: number
  modifiedAt: number
  storageClass: string | null
  deleteMarker: boolean
}

const emptyEntry = (deleteMarker: boolean): OpenEntry => ({
  key: '',
  versionId: 'null',
  isLatest: false,
  etag: '',
  sizeBytes: 0,
  modifiedAt: 0,
  storageClass: null,
  deleteMarker,
})

/**
 * Parses a ListVersionsResult. Where versions and delete markers are interleaved the order of the document stands: it is the
 * only thing that tells which of two versions of the same second is newer. `form`: what the site's earlier pages have
 * shown; it learns from this one. Throws {@link XmlError}.
 */
export function parseVersionListing(xml: Buffer, form: SeenForm = { seen: 'unknown' }): VersionPage {
  const page = new ListingReader()
  scanXml(xml, page)
  return page.result(form)
}

/** Parses a ListBucketResult of ListObjectsV2, entries as they stand; null: the site answered an older call. Throws {@link XmlError}. */
export function parseCurrentListing(xml: Buffer): VersionPage | null {
  const page = new ListingReader()
  scanXml(xml, page)
  return page.current()
}

/** The last key or folder on a page, in key order; null where it shows nothing. */
export function lastNameOn({ entries, folders }: Pick<VersionPage, 'entries' | 'folders'>): string | null {
  const key = entries.at(-1)?.key
  const folder = folders.at(-1)
  if (key === undefined || folder === undefined) return key ?? folder ?? null
  return compareKeys(key, folder) > 0 ? key : folder
}

class ListingReader {
  readonly #entries: OpenEntry[] = []
  readonly #folders: string[] = []
  #inFolders = false
  #entry: OpenEntry | null = null
  #root = ''
  #encoded = false
  #truncated = false
  #nextKey: string | null = null
  #nextVersion: string | null = null
  #counts = false
  /** Elements between the entry and the one at hand: `<ID>` of an owner is nobody's key. */
  #depth = 0

  open(name: string): void {
    if (this.#root === '') this.#root = name
    else if (this.#entry !== null) this.#depth += 1
    else if (name === 'CommonPrefixes') this.#inFolders = true
    else if (name === 'Version' || name === 'DeleteMarker' || name === 'Contents')
      this.#entry = emptyEntry(name === 'DeleteMarker')
  }

  close(): void {
    this.#inFolders = false
    if (this.#entry === null) return
    if (this.#depth > 0) this.#depth -= 1
    else {
      this.#entries.push(this.#entry)
      this.#entry = null
    }
  }

  leaf(name: string, text: string): void {
    if (this.#entry !== null) {
      if (this.#depth === 0) setField(this.#entry, name, text)
    } else if (this.#root === '') this.#root = name
    else if (this.#inFolders && name === 'Prefix') this.#folders.push(text)
    else if (name === 'EncodingType') this.#encoded = text === 'url'
    else if (name === 'IsTruncated') this.#truncated = text === 'true'
    else if (name === 'NextKeyMarker') this.#nextKey = text
    else if (name === 'NextVersionIdMarker') this.#nextVersion = text
    // ListObjects of the first kind has none, and ignores `start-after`.
    else if (name === 'KeyCount') this.#counts = true
  }

  result(form: SeenForm): VersionPage {
    const folders = this.#decoded('ListVersionsResult')
    const { entries, undecided } = inListingOrder(this.#entries, form)
    const page = { entries, next: this.#truncated ? this.#next(entries) : null, folders }
    return undecided.length === 0 ? page : { ...page, undecided }
  }

  current(): VersionPage | null {
    const folders = this.#decoded('ListBucketResult')
    if (!this.#counts) return null
    const entries = this.#entries.map((entry) => ({ ...entry, versionId: '', isLatest: true }))
    const page = { entries, next: null, folders }
    const last = lastNameOn(page)
    return this.#truncated && last !== null ? { ...page, next: { keyMarker: last } } : page
  }

  /** The folders; keys are decoded in place. */
  #decoded(root: string): readonly string[] {
    // A web page or an unknown sub-resource is answered with 200 by some servers.
    if (this.#root !== root) throw new XmlError(`the answer is a ${this.#root}, not a ${root}`)
    // EncodingType stands after the entries at some servers, so keys are decoded at the end.
    if (this.#encoded) for (const entry of this.#entries) entry.key = decodeKey(entry.key)
    return this.#encoded ? this.#folders.map(decodeKey) : this.#folders
  }

  /**
   * Where the next page starts. The last entry knows best: servers disagree on whether they escape NextKeyMarker.
   * Without entries the marker is all there is.
   */
  #next(entries: readonly VersionEntry[]): ListPosition | null {
    const last = entries.at(-1)
    const marker = this.#nextKey
    if (marker === null && last === undefined) return null
    const told = marker !== null && this.#encoded ? decodeKey(marker) : marker
    const decoded = told === null ? null : told.replace(cursorTag, '')
    const cursor = told === null || told === decoded ? {} : { cursor: told }
    if (last === undefined) return { ...position(decoded!, this.#nextVersion), ...cursor }
    if (marker === null || marker === last.key || decoded === last.key) {
      return { ...position(last.key, this.#nextVersion ?? last.versionId), ...cursor }
    }
    return { ...position(decoded!, this.#nextVersion), ...cursor }
  }
}

/** MinIO and RustFS put where they are in their own walk behind the key: `photo.jpg[minio_cache:v2,id:…,p:0,s:0]`. */
const cursorTag = /\[(?:minio|rustfs)_cache:[^\]]*\]$/

const position = (keyMarker: string, versionIdMarker: string | null): ListPosition =>
  versionIdMarker === null || versionIdMarker === '' ? { keyMarker } : { keyMarker, versionIdMarker }

function setField(entry: OpenEntry, name: string, text: string): void {
  switch (name) {
    case 'Key':
      entry.key = text
      break
    case 'VersionId':
      entry.versionId = text === '' ? 'null' : text
      break
    case 'IsLatest':
      entry.isLatest = text === 'true'
      break
    case 'LastModified':
      entry.modifiedAt = Date.parse(text) || 0
      break
    case 'ETag':
      entry.etag = plainEtag(text)
      break
    case 'Size':
      entry.sizeBytes = Number(text) || 0
      break
    case 'StorageClass':
      entry.storageClass = text === '' ? null : text
      break
    default:
  }
}

/** `encoding-type=url`: percent escapes, and `+` for a space (AWS, MinIO); a literal plus is always escaped. */
function decodeKey(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  try {
    return decodeURIComponent(spaced)
  } catch {
    return decodeLeniently(spaced)
  }
}

/** For a stray `%`, and for bytes that are no UTF-8. */
function decodeLeniently(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
}
