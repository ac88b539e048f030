import { XMLParser } from 'fast-xml-parser'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { VersionEntry } from '../../electron/engine/store/port.ts'
import { parseVersionListing } from '../../electron/engine/store/version-listing.ts'
import { isSame } from '../../electron/engine/store/version-order.ts'
import { escapeXml } from '../../electron/engine/s3/xml-write.ts'
import { scanXml, XmlError, xmlLeaves } from '../../electron/engine/s3/xml-scan.ts'
import { awkwardKeys } from '../support/awkward-keys.ts'

const listing = (inner: string): Buffer =>
  Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</ListVersionsResult>`,
  )
const truncated = (inner: string): Buffer => listing(`<IsTruncated>true</IsTruncated>${inner}`)
const entry = (tag: string, key: string, versionId: string): string =>
  `<${tag}><Key>${key}</Key><VersionId>${versionId}</VersionId></${tag}>`

/** As AWS, as Ceph, and as a site that ignores `encoding-type`. */
const spellings: readonly ((key: string) => string)[] = [
  (key) => encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+').replace(/[*']/g, escapeXml),
  (key) => encodeURIComponent(key).replace(/[*']/g, escapeXml),
]

test('versions and delete markers keep the order of the document, and an owner’s id is nobody’s key', () => {
  const owner = '<Owner><ID>o</ID><Key>not mine</Key><DisplayName>O</DisplayName></Owner>'
  const page = parseVersionListing(
    listing(`<Name>b</Name><Prefix/><IsTruncated>false</IsTruncated>
      <DeleteMarker><Key>a</Key><VersionId>3</VersionId><IsLatest>true</IsLatest>
        <LastModified>2026-11-20T20:45:11.590Z</LastModified>${owner}</DeleteMarker>
      <Version>${owner}<ETag>&quot;e&quot;</ETag><Size>7</Size><Key>a</Key><VersionId>2</VersionId><New><Size>9</Size></New>
        <IsLatest>false</IsLatest><LastModified>2026-11-20T20:45:11Z</LastModified><StorageClass>COLD</StorageClass></Version>
      <DeleteMarker><Key>a</Key><VersionId>null</VersionId></DeleteMarker>`),
  )
  const second = Date.UTC(2026, 10, 20, 20, 45, 11)
  const marker = { key: 'a', deleteMarker: true, etag: '', sizeBytes: 0, storageClass: null }
  expect(page).toEqual({
    entries: [
      { ...marker, versionId: '3', isLatest: true, modifiedAt: second + 590 },
      {
        key: 'a',
        versionId: '2',
        isLatest: false,
        deleteMarker: false,
        etag: 'e',
        sizeBytes: 7,
        modifiedAt: second,
        storageClass: 'COLD',
      },
      { ...marker, versionId: 'null', isLatest: false, modifiedAt: 0 },
    ],
    next: null,
    folders: [],
  })
})

test('folders are told apart from keys and from the prefix asked for, together or each by itself', () => {
  const page = parseVersionListing(
    listing(`<Prefix>t/</Prefix><Delimiter>/</Delimiter><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
      <NextKeyMarker>t/z/</NextKeyMarker><CommonPrefixes><Prefix>t/a%2Bb/</Prefix></CommonPrefixes>
      <Version><Key>t/file</Key><VersionId>1</VersionId></Version>
      <CommonPrefixes><Prefix>t/c+d/</Prefix><Prefix>t/z/</Prefix></CommonPrefixes>`),
  )
  expect(page.entries.map(({ key }) => key)).toEqual(['t/file'])
  expect(page.folders).toEqual(['t/a+b/', 't/c d/', 't/z/'])
  expect(page.next).toMatchObject({ keyMarker: 't/z/' })
})

test('every legal key survives, however the site escapes it', () => {
  for (const spell of spellings) {
    const xml = awkwardKeys.map((key) => entry('Version', spell(key), 'v')).join('')
    const { entries } = parseVersionListing(listing(`${xml}<EncodingType>url</EncodingType>`))
    expect(entries.map(({ key }) => key)).toEqual(awkwardKeys)
  }
  const raw = awkwardKeys.map((key) => entry('Version', escapeXml(key), 'v')).join('')
  expect(parseVersionListing(listing(raw)).entries.map(({ key }) => key)).toEqual(awkwardKeys)
})

test('the next page starts behind the last entry, whether or not the site escapes its marker', () => {
  const last = `<EncodingType>url</EncodingType>${entry('Version', 'a%2Fb%2525', 'v1')}`
  const nextOf = (marker: string) => parseVersionListing(truncated(last + marker)).next
  const next = { keyMarker: 'a/b%25', versionIdMarker: 'v1' }
  const named = (key: string) => `<NextKeyMarker>${key}</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>`
  expect([nextOf(named('a%2Fb%2525')), nextOf(named('a/b%25')), nextOf('')]).toEqual([next, next, next])
  expect(nextOf('<NextKeyMarker>z</NextKeyMarker>')).toEqual({ keyMarker: 'z' })
})

test.each(['minio_cache:v2,return:', 'rustfs_cache:v2,id:a889c0bb-8866,p:0,s:0'])(
  'a place in the site’s own walk is no part of the key that a page ends with: [%s]',
  (tag) => {
    const last = `<EncodingType>url</EncodingType>${entry('Version', 'a%20[b]', 'v1')}`
    const marker = encodeURIComponent(`a [b][${tag}]`)
    const named = `<NextKeyMarker>${marker}</NextKeyMarker><NextVersionIdMarker>v1</NextVersionIdMarker>`
    const next = { keyMarker: 'a [b]', versionIdMarker: 'v1', cursor: `a [b][${tag}]` }
    expect(parseVersionListing(truncated(last + named)).next).toEqual(next)
  },
)

test('a web page, another document, a cut one and a DOCTYPE are refused', () => {
  const bad = [
    '',
    '<html><body>hello</body></html>',
    '<ListBucketResult></ListBucketResult>',
    '<ListVersionsResult><Version><Key>a</Key></Version>',
    '<ListVersionsResult><Version></ListVersionsResult></Version>',
    '<ListVersionsResult/><ListVersionsResult/>',
    '<!DOCTYPE x [<!ENTITY a "aaaa">]><ListVersionsResult></ListVersionsResult>',
  ]
  for (const xml of bad) expect(() => parseVersionListing(Buffer.from(xml)), xml).toThrow(XmlError)
})

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => value.isWellFormed())
const entries = fc.array(
  fc.record({
    deleteMarker: fc.boolean(),
    key: text,
    versionId: fc.stringMatching(/^[\w.-]{1,32}$/),
    isLatest: fc.boolean(),
    etag: fc.stringMatching(/^[0-9a-f]{0,32}$/),
    sizeBytes: fc.nat(),
    modifiedAt: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    storageClass: fc.constantFrom(null, 'STANDARD', 'ÜBER'),
    order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
    owner: text,
  }),
  { maxLength: 20 },
)

test('whatever a site writes in whatever order is read as it was meant', () => {
  fc.assert(
    fc.property(entries, fc.boolean(), (drafts, encoded) => {
      const spell = encoded ? spellings[1]! : escapeXml
      const fields = (draft: (typeof drafts)[number]) => [
        `<Key>${spell(draft.key)}</Key>`,
        `<VersionId>${draft.versionId}</VersionId>`,
        `<IsLatest>${draft.isLatest}</IsLatest>`,
        `<ETag>"${draft.etag}&quot;</ETag>`,
        `<Size>${draft.sizeBytes}</Size><Owner ><ID a=">">${escapeXml(draft.owner)}</ID></Owner>`,
        `<LastModified>${new Date(draft.modifiedAt).toISOString()}</LastModified>`,
        draft.storageClass === null
          ? '<!-- > --><StorageClass/>'
          : `<StorageClass>${draft.storageClass}</StorageClass >`,
      ]
      const xml = drafts.map((draft) => {
        const tag = draft.deleteMarker ? 'DeleteMarker' : 'Version'
        return `<${tag}>\n${draft.order.map((field) => fields(draft)[field]).join(' ')}</${tag}>`
      })
      const coding = encoded ? '<EncodingType>url</EncodingType>' : ''
      const wanted = drafts.map(({ order: _order, owner: _owner, ...rest }): VersionEntry => rest)
      const once = wanted.filter((entry, at) => at === 0 || !isSame(entry, wanted[at - 1]!))
      expect(parseVersionListing(listing(xml.join('') + coding), { seen: 'together' }).entries).toEqual(once)
    }),
    { numRuns: 200 },
  )
})

interface Node {
  readonly name: string
  readonly inside: string | readonly Node[]
}

const name = fc.stringMatching(/^[A-Za-z_][\w.-]{0,6}$/)
const { node } = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    name,
    inside: fc.oneof(
      { depthSize: 'small' },
      fc.stringMatching(/^[^\p{C}\s]{0,9}$/u),
      fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
    ),
  }),
}))

function written(tree: Node): string {
  const inside = typeof tree.inside === 'string' ? escapeXml(tree.inside) : tree.inside.map(written).join('')
  return `<${tree.name}>${inside}</${tree.name}>`
}

test('the scanner reads the same leaves as fast-xml-parser', () => {
  const oracle = new XMLParser({ preserveOrder: true, parseTagValue: false, trimValues: false, htmlEntities: true })
  fc.assert(
    fc.property(node, (tree) => {
      const xml = written(tree)
      const leaves: [string, string][] = []
      scanXml(Buffer.from(xml), { open: () => {}, close: () => {}, leaf: (key, value) => leaves.push([key, value]) })
      expect(leaves).toEqual(oracleLeaves(oracle.parse(xml)))
    }),
    { numRuns: 300 },
  )
})

/** fast-xml-parser’s ordered form: `[{ name: [children] }]`, text as `{ '#text': value }`. */
function oracleLeaves(parsed: unknown): [string, string][] {
  if (!Array.isArray(parsed)) throw new Error('not the ordered form')
  return parsed.flatMap((element: Record<string, unknown>) => {
    const [tag, children] = Object.entries(element)[0]!
    if (!Array.isArray(children)) return []
    const texts = children.filter((child: object) => '#text' in child)
    if (texts.length === children.length) {
      return [[tag, texts.map((child: Record<string, unknown>) => String(child['#text'])).join('')]] as [
        string,
        string,
      ][]
    }
    return oracleLeaves(children)
  })
}

test('broken documents are refused, never looped over or half believed', () => {
  const whole = truncated(`${entry('Version', 'a', '1')}<!-- c --><Owner><![CDATA[<x>]]></Owner>`)
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.uint8Array({ maxLength: 4 }), (at, noise) => {
      const cut = whole.subarray(0, at)
      if (at > 40) expect(() => parseVersionListing(cut)).toThrow(XmlError)
      const spoilt = Buffer.concat([cut, noise, whole.subarray(at)])
      try {
        parseVersionListing(spoilt)
      } catch (error) {
        expect(error).toBeInstanceOf(XmlError)
      }
    }),
  )
  expect(xmlLeaves(whole).get('Owner')).toBe('<x>')
})
