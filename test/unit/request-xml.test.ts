import { XMLParser } from 'fast-xml-parser'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRequestXml, parseXml, type XmlElement } from '../../electron/engine/s3/xml-tree.ts'

// What a client writes and a site reads too: whatever is taken here, another reader takes in the same way.

const oracle = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  // Without it, no references by number either.
  htmlEntities: true,
})

/** The elements' texts in the form of the oracle: a text, or an object by names whose repeated ones are lists. */
function shapeOf({ text, children }: XmlElement): unknown {
  if (children.length === 0) return text
  const byName = Map.groupBy(children, ({ name }) => name)
  return Object.fromEntries(
    [...byName].map(([name, found]) => [name, found.length === 1 ? shapeOf(found[0]!) : found.map(shapeOf)]),
  )
}

/** The same without what stands between elements. */
function withoutBlanks(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutBlanks)
  if (typeof node !== 'object' || node === null) return node
  const entries = Object.entries(node).filter(([name]) => name !== '#text' && !name.startsWith('?'))
  return Object.fromEntries(entries.map(([name, child]) => [name, withoutBlanks(child)]))
}

const whole =
  '<?xml version="1.0" encoding="UTF-8"?>\n<s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">' +
  '<Object><Key>a&amp;b &#x20;ü</Key><VersionId>v</VersionId></Object>\n <Object ><Key><![CDATA[<k>]]></Key ></Object>' +
  '<!-- c --><Quiet a=\'1\' b="2">true</Quiet><Empty/></s3:Delete>'

const noise = fc.oneof(
  fc.constantFrom('<', '>', '/', '&', ';', '"', "'", '=', ' ', '<!--', '-->', '<![CDATA[', ']]>', '<?x?>', '&#0;'),
  fc.constantFrom('<Key>', '</Key>', '<Object>', '</Object>', '&amp;', '&lt;', '&foo;', 'xmlns="x"', '\n', 'a', ':'),
)

test('whatever is done to a document, what is taken of it is what the other reader takes', () => {
  let taken = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(whole.length), fc.nat(6), noise), { maxLength: 3 }), (edits) => {
      const text = edits.reduce((so, [at, cut, put]) => so.slice(0, at) + put + so.slice(at + cut), whole)
      const read = parseRequestXml(Buffer.from(text), 'Delete')
      if (read === null) return
      taken += 1
      const theirs: unknown = oracle.parse(text, true)
      expect(theirs).toMatchObject({ Delete: expect.anything() })
      expect(withoutBlanks(theirs)).toEqual({ Delete: shapeOf(read) })
    }),
    { numRuns: 3000 },
  )
  expect(taken).toBeGreaterThan(100)
})

test.each([
  ['text beside elements', '<Delete>x<Quiet>true</Quiet></Delete>'],
  ['text behind an element', '<Delete><Quiet>true</Quiet>x</Delete>'],
  ['text before the root', 'x<Delete><Quiet>true</Quiet></Delete>'],
  ['text behind the root', '<Delete><Quiet>true</Quiet></Delete>x'],
  ['a CDATA section beside elements', '<Delete><![CDATA[x]]><Quiet>true</Quiet></Delete>'],
  ['another root', '<Delete></Delete><Delete></Delete>'],
  ['types of its own', '<!DOCTYPE Delete><Delete></Delete>'],
  ['instructions', '<Delete><?go on?></Delete>'],
  ['a reference that XML has not got', '<Delete><Quiet>&nbsp;</Quiet></Delete>'],
  ['an ampersand by itself', '<Delete><Quiet>a & b</Quiet></Delete>'],
  ['half a letter', '<Delete><Quiet>&#xD800;</Quiet></Delete>'],
  ['an attribute without quotes', '<Delete a=1></Delete>'],
  ['a tag in a tag', '<Delete <Quiet>></Delete>'],
  ['a name that is none', '<Delete><1/></Delete>'],
  ['two prefixes', '<a:b:Delete></a:b:Delete>'],
  ['102 levels', `<Delete>${'<a>'.repeat(101)}x${'</a>'.repeat(101)}</Delete>`],
])('a document with %s is refused', (_, text) => {
  expect(parseRequestXml(Buffer.from(text), 'Delete')).toBeNull()
})

test('a byte order mark, a declaration and blanks around the root are no text', () => {
  const document = Buffer.from('\ufeff<?xml version="1.0"?>\r\n<Delete>\n<Quiet> x </Quiet>\n</Delete>\n')
  expect(parseRequestXml(document, 'Delete')?.children).toEqual([{ name: 'Quiet', text: ' x ', children: [] }])
})

test('hostile documents cost no more than their length, whoever wrote them', () => {
  const mib = 1024 * 1024
  const filled = (piece: string): string => piece.repeat(Math.floor((4 * mib) / piece.length))
  for (const text of [
    `<Delete>${filled('<a>')}`,
    `<Delete>${filled('&amp;')}</Delete>`,
    `<Delete ${filled('a="b" ')}/>`,
    `<Delete>${filled(' ')}<a/></Delete>`,
    `<Delete>${filled('<!---->')}</Delete>`,
    `<Delete>${filled('<![CDATA[')}</Delete>`,
    filled('<'),
    filled('&'),
    `<Delete a${filled(' ')}`,
  ]) {
    const startedAt = process.cpuUsage()
    for (const parse of [parseRequestXml, parseXml]) parse(Buffer.from(text), 'Delete')
    const { user, system } = process.cpuUsage(startedAt)
    expect([text.slice(0, 20), (user + system) / 1e6 < 5]).toEqual([text.slice(0, 20), true])
  }
})
