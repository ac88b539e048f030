/** The document is not XML that we read: broken, or with a DOCTYPE, which no S3 answer needs. */
export class XmlError extends Error {
  override readonly name = 'XmlError'
}

export interface XmlEvents {
  open(name: string): void
  /** `text` is what stood between the last tag and this one, decoded: the value, for an element without children. */
  close(name: string, text: string): void
}

const slash = 47
const bang = 33
const question = 63

/**
 * Walks a document from tag to tag, without building a tree. Namespace prefixes are dropped, attributes skipped.
 * Throws {@link XmlError} on anything unbalanced, cut, or declared.
 */
export function scanXml(xml: string, events: XmlEvents): void {
  const open: string[] = []
  let text = ''
  let at = xml.indexOf('<')
  let elements = 0
  while (at !== -1) {
    const kind = xml.charCodeAt(at + 1)
    let end: number
    if (kind === slash) {
      end = tagEnd(xml, at)
      const name = open.pop()
      if (name === undefined || !closes(xml, at + 2, end, name)) throw new XmlError('the XML is not balanced')
      events.close(name.slice(name.indexOf(':') + 1), text)
      text = ''
    } else if (kind === bang) {
      ;[end, text] = skipDeclared(xml, at, text)
    } else if (kind === question) {
      end = ended(xml.indexOf('?>', at)) + 1
    } else {
      end = tagEnd(xml, at)
      const empty = xml.charCodeAt(end - 1) === slash
      const name = tagName(xml, at + 1, empty ? end - 1 : end)
      if (open.length === 0 && elements > 0) throw new XmlError('the XML has more than one root')
      elements += 1
      const local = name.slice(name.indexOf(':') + 1)
      events.open(local)
      if (empty) events.close(local, '')
      else open.push(name)
      text = ''
    }
    const next = xml.indexOf('<', end + 1)
    if (next > end + 1) text += decodeEntities(xml.slice(end + 1, next))
    at = next
  }
  if (open.length > 0 || elements === 0) throw new XmlError('the XML is cut')
}

function ended(at: number): number {
  if (at === -1) throw new XmlError('the XML is cut')
  return at
}

/** A `>` may stand in an attribute’s quotes; tags without quotes, that is nearly all, take the short way. */
function tagEnd(xml: string, from: number): number {
  const end = ended(xml.indexOf('>', from))
  const quoted = xml.slice(from, end)
  if (!quoted.includes('"') && !quoted.includes("'")) return end
  let quote = 0
  for (let at = from; at < xml.length; at++) {
    const code = xml.charCodeAt(at)
    if (quote !== 0) {
      if (code === quote) quote = 0
    } else if (code === 34 || code === 39) quote = code
    else if (code === 62) return at
  }
  throw new XmlError('the XML is cut')
}

function tagName(xml: string, from: number, end: number): string {
  let stop = from
  while (stop < end && xml.charCodeAt(stop) > 32) stop++
  if (stop === from) throw new XmlError('the XML has a tag without a name')
  return xml.slice(from, stop)
}

function closes(xml: string, from: number, end: number, name: string): boolean {
  return xml.startsWith(name, from) && xml.slice(from + name.length, end).trim() === ''
}

/** Comments are skipped, CDATA is text, a DOCTYPE is refused: entities of its own can blow up without limit. */
function skipDeclared(xml: string, at: number, text: string): [end: number, text: string] {
  if (xml.startsWith('<!--', at)) return [ended(xml.indexOf('-->', at + 4)) + 2, text]
  if (!xml.startsWith('<![CDATA[', at)) throw new XmlError('the XML declares types of its own')
  const end = ended(xml.indexOf(']]>', at + 9))
  return [end + 2, text + xml.slice(at + 9, end)]
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return named[name] ?? whole
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** The values of the elements without children, first of each name; for short answers. */
export function xmlLeaves(xml: string): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  scanXml(xml, {
    open: () => {},
    close: (name, text) => {
      if (!leaves.has(name)) leaves.set(name, text)
    },
  })
  return leaves
}

/** For text between tags; control characters survive as references. */
export const escapeXml = (text: string): string =>
  text.replace(unsafe, (found) =>
    found === '&' ? '&amp;' : found === '<' ? '&lt;' : found === '>' ? '&gt;' : `&#${found.charCodeAt(0)};`,
  )

// eslint-disable-next-line no-control-regex -- XML has to carry them as references
const unsafe = /[&<>"'\u0000-\u001f]/g
