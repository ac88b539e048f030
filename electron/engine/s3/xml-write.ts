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

/** A request's document: the root in S3's namespace. `content` is XML already. */
export const requestXml = (root: string, content: string): string =>
  `<${root} xmlns="${namespace}">${content}</${root}>`

/** A whole answer: `content` is XML already. */
export const xmlDocument = (root: string, content: string): string => `${declaration}${requestXml(root, content)}`

/** A refusal's document, which has no namespace: `content` is XML already. */
export const errorDocument = (content: string): string => `${declaration}<Error>${content}</Error>`

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** Keys in a listing with `encoding-type=url`. `/` stays and a space is %20: every SDK's decoder agrees on these. */
export function encodeListed(text: string, encodingType: 'url' | null): string {
  return encodingType === null ? text : encodeKey(text)
}
