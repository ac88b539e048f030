import { expect, test } from 'vitest'
import { deleteDocumentXml, parseDeleteDocument } from '../../electron/engine/gateway/protocol/delete-document.ts'
import { childText, children, parseXml } from '../../electron/engine/s3/xml-tree.ts'

const parse = (xml: string): ReturnType<typeof parseDeleteDocument> => parseDeleteDocument(Buffer.from(xml))
const codeOf = (xml: string): string => {
  try {
    parse(xml)
    return 'taken'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

test.each([
  ['two keys', '<Object><Key>a</Key><Key>secret</Key></Object>'],
  ['two versions', '<Object><Key>a</Key><VersionId>1</VersionId><VersionId>2</VersionId></Object>'],
  ['a key in a key', '<Object><Key>a<Key>secret</Key></Key></Object>'],
  ['an object in an object', '<Object><Key>a</Key><Object><Key>secret</Key></Object></Object>'],
  ['an element that nobody knows', '<Object><Key>a</Key><Bucket>private</Bucket></Object>'],
  ['text beside the elements', '<Object><Key>a</Key>secret</Object>'],
  ['an empty key', '<Object><Key></Key></Object>'],
  ['no object', '<Quiet>true</Quiet>'],
  ['two wishes for quiet', '<Object><Key>a</Key></Object><Quiet>true</Quiet><Quiet>false</Quiet>'],
])('a list of deletes with %s is refused: two readers could delete different things', (_, content) => {
  expect(codeOf(`<Delete>${content}</Delete>`)).toBe('MalformedXML')
})

test('a site gets the list that was read, however the client wrote it', () => {
  const document = parse(
    '<?xml version="1.0"?><d:Delete xmlns:d="x"><d:Object><d:Key><![CDATA[a&b]]>&#x20;<!-- c --></d:Key></d:Object>\n' +
      '<Object><VersionId>v1</VersionId><ETag>"e"</ETag><Key>&lt;k&gt; </Key></Object><Quiet>TRUE</Quiet></d:Delete>',
  )
  const xml = deleteDocumentXml(document)
  const root = parseXml(Buffer.from(xml), 'Delete')!
  const objects = children(root, 'Object').map((node) =>
    ['Key', 'VersionId', 'ETag'].map((name) => childText(node, name)),
  )
  expect({ objects, quiet: childText(root, 'Quiet'), again: parse(xml) }).toEqual({
    objects: [
      ['a&b ', undefined, undefined],
      ['<k> ', 'v1', '"e"'],
    ],
    quiet: 'true',
    again: document,
  })
})
