import { XMLParser } from 'fast-xml-parser'
import type { SiteAccess } from '../support/s3-site.ts'
import { signedGet, textOf, type Query } from './signed-get.ts'

export interface Bucket {
  readonly site: SiteAccess
  readonly bucket: string
}

/** A version or a delete marker as the listing tells it. */
export interface ListedVersion {
  readonly key: string
  readonly versionId: string
  readonly kind: 'object' | 'marker'
  readonly isLatest: boolean
  /** As the site writes it, an instant in ISO 8601. */
  readonly modified: string
  readonly etag: string
  readonly sizeBytes: number
}

export interface VersionsOfKey {
  readonly key: string
  /** In the order of the document: newest first. */
  readonly versions: readonly ListedVersion[]
}

/** Every version of a bucket, key by key in ascending order of UTF-8 bytes. */
export async function* versionsByKey(from: Bucket, prefix = ''): AsyncGenerator<VersionsOfKey> {
  let open: { key: string; versions: ListedVersion[] } | null = null
  for await (const version of listVersions(from, prefix)) {
    if (open !== null && open.key !== version.key) {
      yield open
      open = null
    }
    open ??= { key: version.key, versions: [] }
    open.versions.push(version)
  }
  if (open !== null) yield open
}

async function* listVersions({ site, bucket }: Bucket, prefix: string): AsyncGenerator<ListedVersion> {
  let marker: Query | null = {}
  while (marker !== null) {
    const query: Query = { versions: '', 'encoding-type': 'url', 'max-keys': '1000', prefix, ...marker }
    const reply = await signedGet(site, `/${bucket}`, query)
    const text = await textOf(reply)
    if (reply.statusCode !== 200) throw new Error(`listing ${bucket}: ${reply.statusCode} ${text.slice(0, 300)}`)
    const page = parsePage(text)
    yield* page.versions
    marker = page.next
  }
}

interface VersionsPage {
  readonly versions: readonly ListedVersion[]
  readonly next: Query | null
}

/** One element with its children in document order, as fast-xml-parser gives it with `preserveOrder`. */
type Element = Readonly<Record<string, readonly Element[] | string>>

const parser = new XMLParser({
  preserveOrder: true,
  parseTagValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  // In one go below: the parser leaves numeric references as they are, and what stands behind `&amp;` is text.
  processEntities: false,
})

export function parsePage(xml: string): VersionsPage {
  const root = elementsOf(xml).find((element) => 'ListVersionsResult' in element)
  const children = root?.['ListVersionsResult']
  if (!Array.isArray(children)) throw new Error(`not a version listing: ${xml.slice(0, 200)}`)
  // Not every site does what `encoding-type` asks; all say what they have done.
  const decode = textAt(children, 'EncodingType') === 'url' ? decodeUrl : (text: string): string => text
  const versions = together(children.flatMap((element) => versionOf(element, decode)))
  if (textAt(children, 'IsTruncated') !== 'true') return { versions, next: null }
  const [keyMarker, versionMarker] = [textAt(children, 'NextKeyMarker'), textAt(children, 'NextVersionIdMarker')]
  return {
    versions,
    next: {
      // Ceph encodes the keys of its entries, and leaves this one as it is: a key with a plus would be read as one with a space.
      'key-marker': versions.some(({ key }) => key === keyMarker) ? keyMarker : decode(keyMarker),
      ...(versionMarker !== '' && { 'version-id-marker': versionMarker }),
    },
  }
}

/**
 * Some sites list the delete markers of a page apart from its versions, and so lose the order of a key. Of a page that goes
 * back to a key that it had left, each key is put together: the latest first, then by time and, at one time, by id.
 */
function together(listed: readonly ListedVersion[]): readonly ListedVersion[] {
  const left = new Set<string>()
  const isApart = listed.some(({ key }, index) => {
    const before = listed[index - 1]?.key
    if (before !== undefined && before !== key) left.add(before)
    return left.has(key)
  })
  if (!isApart) return listed
  const byAge = (a: ListedVersion, b: ListedVersion): number =>
    Number(b.isLatest) - Number(a.isLatest) ||
    b.modified.localeCompare(a.modified) ||
    (a.versionId < b.versionId ? 1 : -1)
  const byKey = Map.groupBy(listed, ({ key }) => key)
  return [...byKey.keys()]
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .flatMap((key) => byKey.get(key)!.toSorted(byAge))
}

function elementsOf(xml: string): readonly Element[] {
  return parser.parse(xml)
}

function versionOf(element: Element, decode: (text: string) => string): readonly ListedVersion[] {
  const marker = element['DeleteMarker']
  const fields = element['Version'] ?? marker
  if (typeof fields !== 'object') return []
  return [
    {
      key: decode(textAt(fields, 'Key')),
      versionId: textAt(fields, 'VersionId'),
      kind: marker === undefined ? 'object' : 'marker',
      isLatest: textAt(fields, 'IsLatest') === 'true',
      modified: textAt(fields, 'LastModified'),
      etag: textAt(fields, 'ETag').replaceAll('"', ''),
      sizeBytes: Number(textAt(fields, 'Size') || 0),
    },
  ]
}

function textAt(elements: readonly Element[], name: string): string {
  const children = elements.find((element) => name in element)?.[name]
  const text = typeof children === 'object' ? children[0]?.['#text'] : undefined
  return typeof text === 'string' ? text.replaceAll(/&(#x[0-9a-f]+|#\d+|\w+);/gi, characterOf) : ''
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function characterOf(whole: string, name: string): string {
  if (!name.startsWith('#')) return named[name] ?? whole
  return String.fromCodePoint(/^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)))
}

/** Some sites write a space as `+`, all write a plus as `%2B`. */
function decodeUrl(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll('+', '%20'))
}
