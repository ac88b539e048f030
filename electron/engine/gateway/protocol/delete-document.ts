import { checkKey } from './key.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'
import { children, parseRequestXml, type XmlElement } from '../../s3/xml-tree.ts'

const mostObjects = 1000
/** Key, version, ETag, time and size of each, with room: more is not read at all, for reading stops everything else. */
const mostTags = mostObjects * 20
/** What S3 lets a client say of the version that it wants to delete, besides its name. */
const conditions = ['ETag', 'LastModifiedTime', 'Size'] as const

/** One object of a DeleteObjects request. */
export interface DoomedObject {
  readonly key: string
  /** null: a marker is asked for. */
  readonly versionId: string | null
  /** Elements that say which version is meant, as XML. */
  readonly conditionsXml: string
}

export interface DeleteDocument {
  readonly objects: readonly DoomedObject[]
  readonly quiet: boolean
}

/** Reads the document of DeleteObjects. Throws where two readers could read different objects out of it. */
export function parseDeleteDocument(document: Buffer): DeleteDocument {
  if (moreTagsThan(mostTags, document)) throw malformed()
  const root = parseRequestXml(document, 'Delete')
  if (root === null) throw malformed()
  const { Quiet: quiet = 'false' } = textsOf(
    root.children.filter(({ name }) => name !== 'Object'),
    ['Quiet'],
  )
  if (!/^(?:true|false)$/i.test(quiet)) throw malformed()
  const objects = children(root, 'Object').map(readObject)
  if (objects.length === 0 || objects.length > mostObjects) throw malformed()
  return { objects, quiet: quiet.toLowerCase() === 'true' }
}

/** The document as a site gets it: written from what was read. */
export function deleteDocumentXml({ objects, quiet }: DeleteDocument): string {
  const listed = objects.map(
    ({ key, versionId, conditionsXml }) =>
      `<Object>${element('Key', key)}${element('VersionId', versionId)}${conditionsXml}</Object>`,
  )
  return xmlDocument('Delete', `${listed.join('')}${quiet ? element('Quiet', true) : ''}`)
}

const malformed = (): S3Error => new S3Error('MalformedXML')

function moreTagsThan(most: number, document: Buffer): boolean {
  let tags = 0
  for (let at = document.indexOf('<'); at >= 0; at = document.indexOf('<', at + 1)) if (++tags > most) return true
  return false
}

function readObject(node: XmlElement): DoomedObject {
  const {
    Key: key = '',
    VersionId: versionId = '',
    ...rest
  } = textsOf(node.children, ['Key', 'VersionId', ...conditions])
  if (key === '') throw malformed()
  checkKey(key)
  // oxlint-disable-next-line no-control-regex -- they are what an id must not hold
  if (!/^[^\u0000-\u0020\u007f]{0,1024}$/.test(versionId)) throw malformed()
  const conditionsXml = conditions.map((name) => element(name, rest[name])).join('')
  return { key, versionId: versionId === '' ? null : versionId, conditionsXml }
}

/** The texts of elements: each known, each once, none with elements of its own. */
function textsOf(
  elements: readonly XmlElement[],
  known: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const texts: Record<string, string> = {}
  for (const { name, text, children: within } of elements) {
    if (!known.includes(name) || texts[name] !== undefined || within.length > 0) throw malformed()
    texts[name] = text
  }
  return texts
}
