import { checkKey } from './key.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { children, element, parseXml, xmlDocument, type XmlNode } from '../../s3/xml.ts'

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
  const text = document.toString('utf8')
  // Nothing that S3 takes declares entities; what does is meant to grow.
  const root = text.includes('<!DOCTYPE') ? null : parseXml(text, 'Delete')
  if (root === null || typeof root === 'string') throw malformed()
  const { Quiet: quiet = 'false' } = textsOf({ ...root, Object: '' }, ['Object', 'Quiet'])
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

function readObject(node: XmlNode): DoomedObject {
  const { Key: key = '', VersionId: versionId = '', ...rest } = textsOf(node, ['Key', 'VersionId', ...conditions])
  if (key === '') throw malformed()
  checkKey(key)
  // oxlint-disable-next-line no-control-regex -- they are what an id must not hold
  if (!/^[^\u0000-\u0020\u007f]{0,1024}$/.test(versionId)) throw malformed()
  const conditionsXml = conditions.map((name) => element(name, rest[name])).join('')
  return { key, versionId: versionId === '' ? null : versionId, conditionsXml }
}

/** The texts of an element's children: each known, each once, none with children of its own. */
function textsOf(node: XmlNode, known: readonly string[]): Readonly<Record<string, string | undefined>> {
  if (typeof node === 'string') throw malformed()
  const texts: Record<string, string> = {}
  for (const [name, child] of Object.entries(node)) {
    if (name === '#text' && typeof child === 'string' && child.trim() === '') continue
    if (typeof child !== 'string' || !known.includes(name)) throw malformed()
    texts[name] = child
  }
  return texts
}
