import { XMLParser } from 'fast-xml-parser'
import { encodeKey } from './uri.ts'

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
// oxlint-disable-next-line no-control-regex -- keys may hold control characters, which must not reach the document raw
const special = /[&<>"'\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g

/** Text made safe for XML content. Control characters become references: a raw CR would be read back as LF. */
export function escapeXml(text: string): string {
  return text.replace(special, (char) => entities[char] ?? `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`)
}

/** One element with escaped text; '' when there is nothing to say, because S3 leaves empty facts out. */
export function element(name: string, text: string | number | boolean | null | undefined): string {
  return text === null || text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`
}

/** A whole answer: `content` is XML already. */
export function xmlDocument(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${content}</${root}>`
}

/** Keys in a listing with `encoding-type=url`. `/` stays and a space is %20: every SDK's decoder agrees on these. */
export function encodeListed(text: string, encodingType: 'url' | null): string {
  return encodingType === null ? text : encodeKey(text)
}

/** A parsed element: text, or children by name. Repeated children are arrays. */
export type XmlNode = string | { readonly [name: string]: XmlNode | readonly XmlNode[] }

const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  // Keys may begin and end with spaces.
  trimValues: false,
  ignoreDeclaration: true,
  htmlEntities: true,
})

/** Parses a small request document and returns its root element; null when it is not XML or has another root. */
export function parseXml(text: string, root: string): XmlNode | null {
  try {
    const parsed: Readonly<Record<string, XmlNode | undefined>> = parser.parse(text, true)
    return parsed[root] ?? null
  } catch {
    return null
  }
}

/** The text of a child element; undefined when it is missing. */
export function childText(node: XmlNode, name: string): string | undefined {
  const [child] = children(node, name)
  if (child === undefined) return undefined
  if (typeof child === 'string') return child
  return typeof child['#text'] === 'string' ? child['#text'] : undefined
}

/** All child elements of that name, in order. */
export function children(node: XmlNode, name: string): readonly XmlNode[] {
  if (typeof node === 'string') return []
  const found = node[name]
  if (found === undefined) return []
  return isList(found) ? found : [found]
}

function isList(found: XmlNode | readonly XmlNode[]): found is readonly XmlNode[] {
  return Array.isArray(found)
}
