import { isAscii } from 'node:buffer'

/** The document is not XML that we read: broken, or with a DOCTYPE, which no S3 answer needs. */
export class XmlError extends Error {
  override readonly name = 'XmlError'
}

export interface XmlEvents {
  /** An element with elements in it begins, or ends. */
  open(name: string): void
  close(name: string): void
  /** An element without elements in it, and its text. */
  leaf(name: string, text: string): void
}

const open = 60
const close = 62
const slash = 47
const bang = 33
const question = 63
const doubleQuote = 34
const singleQuote = 39

/**
 * `lenient` is for the answers of sites, whatever they write besides their elements. `strict` is for what a client wrote
 * and a site is to read too: nothing may stand in it that another reader could take in another way.
 */
export type Strictness = 'lenient' | 'strict'

/**
 * Walks a UTF-8 document from element to element, without building a tree. Namespace prefixes are dropped, attributes
 * skipped. Throws {@link XmlError} on anything unbalanced, cut, or declared.
 */
export function scanXml(bytes: Buffer, events: XmlEvents, strictness: Strictness = 'lenient'): void {
  new XmlScanner(bytes, events, strictness === 'strict').run()
}

/**
 * Listings come a thousand entries at a time. Walking bytes is four times as fast as walking a string, and cutting
 * values out of a string is twice as fast as cutting them out of bytes; latin1 gives both the same offsets.
 */
class XmlScanner {
  readonly #bytes: Buffer
  readonly #latin1: string
  readonly #ascii: boolean
  readonly #events: XmlEvents
  readonly #isStrict: boolean
  readonly #parents: Name[] = []
  /** Names met so far by length and first letter: an answer has a dozen, a thousand times. */
  readonly #names: (Name | undefined)[] = []
  /** Behind the byte order mark, where there is one. */
  readonly #start: number
  #at: number
  #elements = 0

  constructor(bytes: Buffer, events: XmlEvents, isStrict: boolean) {
    this.#isStrict = isStrict
    this.#bytes = bytes
    this.#latin1 = bytes.toString('latin1')
    this.#ascii = isAscii(bytes)
    this.#events = events
    this.#start = this.#latin1.startsWith(byteOrderMark) ? byteOrderMark.length : 0
    this.#at = this.#start
  }

  run(): void {
    let from = this.#start
    for (; this.#toTag(); from = this.#at) {
      if (this.#isStrict) refuseStray(this.#latin1, from, this.#at)
      const kind = this.#bytes[this.#at + 1]
      if (kind === slash) {
        const name = this.#parents.pop()
        if (name === undefined) throw new XmlError('the XML is not balanced')
        this.#closing(name)
        this.#events.close(name.local)
      } else if (kind === bang || kind === question) this.#aside()
      else this.#opening()
    }
    if (this.#parents.length > 0 || this.#elements === 0) throw new XmlError('the XML is cut')
    if (this.#isStrict) refuseStray(this.#latin1, from, this.#at)
  }

  /** On to the next `<`. */
  #toTag(): boolean {
    const bytes = this.#bytes
    let at = this.#at
    while (at < bytes.length && bytes[at] !== open) at++
    this.#at = at
    return at < bytes.length
  }

  #opening(): void {
    if (this.#parents.length === 0 && this.#elements > 0) throw new XmlError('the XML has more than one root')
    this.#elements += 1
    const name = this.#name()
    const nameEnd = this.#at
    const isEmpty = this.#tagEnd()
    if (this.#isStrict) refuseOddTag(name, this.#latin1.slice(nameEnd, this.#at))
    if (isEmpty) return this.#events.leaf(name.local, '')
    let text = ''
    for (;;) {
      const from = this.#at
      if (!this.#toTag()) throw new XmlError('the XML is cut')
      const kind = this.#bytes[this.#at + 1]
      if (kind !== slash && kind !== bang && kind !== question) {
        if (this.#isStrict) refuseStray(text + this.#latin1.slice(from, this.#at))
        this.#parents.push(name)
        return this.#events.open(name.local)
      }
      text += this.#isStrict ? strictText(this.#text(from, this.#at)) : decodeEntities(this.#text(from, this.#at))
      if (kind === slash) break
      text += this.#aside()
    }
    this.#closing(name)
    this.#events.leaf(name.local, text)
  }

  #name(): Name {
    const bytes = this.#bytes
    const from = this.#at + 1
    let end = from
    while (end < bytes.length && bytes[end] !== close && bytes[end] !== slash && bytes[end]! > 32) end++
    if (end === from) throw new XmlError('the XML has a tag without a name')
    this.#at = end
    const slot = ((end - from) << 8) | bytes[from]!
    const known = this.#names[slot]
    if (known !== undefined && this.#isAt(known, from)) return known
    return (this.#names[slot] = nameOf(this.#latin1.slice(from, end)))
  }

  #isAt({ bytes }: Name, from: number): boolean {
    for (let i = 0; i < bytes.length; i++) if (this.#bytes[from + i] !== bytes[i]) return false
    return true
  }

  /** On behind the `>` of an opening tag; one may also stand in an attribute's quotes. True when the tag is `<a/>`. */
  #tagEnd(): boolean {
    const bytes = this.#bytes
    let quote = 0
    for (let at = this.#at; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (quote !== 0) {
        if (byte === quote) quote = 0
      } else if (byte === doubleQuote || byte === singleQuote) quote = byte
      else if (byte === close) {
        this.#at = at + 1
        return bytes[at - 1] === slash
      }
    }
    throw new XmlError('the XML is cut')
  }

  /** On behind the closing tag, which must be that of `name`. */
  #closing(name: Name): void {
    const bytes = this.#bytes
    let at = this.#at + 2
    if (!this.#isAt(name, at)) throw new XmlError('the XML is not balanced')
    at += name.bytes.length
    while (at < bytes.length && bytes[at]! <= 32) at++
    if (bytes[at] !== close) throw new XmlError('the XML is not balanced')
    this.#at = at + 1
  }

  /**
   * On behind a comment, instruction or CDATA section; the text of the latter. A DOCTYPE is refused: its entities can
   * blow up without limit.
   */
  #aside(): string {
    const at = this.#at
    const [opened, closed] = asides.find(([opened]) => this.#latin1.startsWith(opened, at)) ?? []
    if (opened === undefined || closed === undefined) throw new XmlError('the XML declares types of its own')
    const from = at + opened.length
    const end = this.#latin1.indexOf(closed, from)
    if (end === -1) throw new XmlError('the XML is cut')
    this.#at = end + closed.length
    if (this.#isStrict && opened === instruction) this.#refuseUnlessDeclaration(at, this.#latin1.slice(at, end))
    return opened === cdata ? this.#text(from, end) : ''
  }

  #refuseUnlessDeclaration(at: number, text: string): void {
    const isOne = at === this.#start && text.startsWith('<?xml') && attributes.test(`${text.slice(5)}>`)
    if (!isOne || text.length > longestAttributes) throw new XmlError('the XML gives instructions')
  }

  #text(from: number, to: number): string {
    return this.#ascii ? this.#latin1.slice(from, to) : this.#bytes.toString('utf8', from, to)
  }
}

const cdata = '<![CDATA['
const instruction = '<?'
const asides = [
  [cdata, ']]>'],
  ['<!--', '-->'],
  [instruction, '?>'],
] as const

interface Name {
  /** As in the document, prefix and all. */
  readonly bytes: Buffer
  readonly local: string
}

const nameOf = (text: string): Name => ({
  bytes: Buffer.from(text, 'latin1'),
  local: text.slice(text.indexOf(':') + 1),
})

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text
  // Nearly all of them are the quotes of ETags.
  const rest = text.replaceAll('&quot;', '"')
  if (!rest.includes('&')) return rest
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal, hex, name) => {
    if (typeof name === 'string') return named[name] ?? whole
    const code = typeof decimal === 'string' ? Number(decimal) : Number.parseInt(String(hex), 16)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

/** UTF-8's, in latin1. */
const byteOrderMark = '\u00ef\u00bb\u00bf'

/** Text beside elements: nothing of S3 has any but blanks. */
function refuseStray(text: string, from = 0, to = text.length): void {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13)
      throw new XmlError('the XML has text beside its elements')
  }
}

const plainName = /^(?:[a-z_][\w.-]*:)?[a-z_][\w.-]*$/i
const attributes = /^(?:\s+[a-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*\/?>$/i
/** A namespace or two: more is no document of S3. */
const longestAttributes = 4096

function refuseOddTag({ bytes }: Name, rest: string): void {
  const isOdd = rest !== '>' && (rest.length > longestAttributes || !attributes.test(rest))
  if (isOdd || !plainName.test(bytes.toString('latin1'))) throw new XmlError('the XML has an odd tag')
}

/** Every `&` begins a reference that XML itself has, to a character that text may hold. */
function strictText(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&([^;&]{0,8};)?/g, (whole, reference) => {
    const decoded = reference === undefined || whole[2] === 'X' ? whole : decodeEntities(whole)
    if (decoded === whole || decoded === '\0' || !decoded.isWellFormed())
      throw new XmlError('the XML refers to what it has not got')
    return decoded
  })
}

/** The values of the elements without children, first of each name; for short answers. */
export function xmlLeaves(xml: Buffer): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  scanXml(xml, {
    open: () => {},
    close: () => {},
    leaf: (name, text) => {
      if (!leaves.has(name)) leaves.set(name, text)
    },
  })
  return leaves
}
