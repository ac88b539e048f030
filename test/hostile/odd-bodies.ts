import { crc32 } from 'node:zlib'
import type { Random } from '../support/random.ts'
import { clients } from './clients.ts'
import type { Header, HostileRequest, Wire } from './hostile-request.ts'
import { knownForeign as foreign, knownForeignKey as key } from './planted.ts'
import { md5 } from './well-formed.ts'

type Change = (random: Random, request: HostileRequest) => HostileRequest

const withBody = (request: HostileRequest, body: string | Buffer): HostileRequest => ({
  ...request,
  body: Buffer.from(body),
})

/** As a put of a new object: bodies of others are not looked at. */
function put(random: Random, request: HostileRequest): HostileRequest {
  const { bucket, prefix } = clients[request.as]
  const query = ''
  return { ...request, method: 'PUT', target: `/${bucket}/${prefix}body/${random.int(0, 400)}${query}`, headers: [] }
}

const crcOf = (bytes: Buffer): string => {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(crc32(bytes))
  return value.toString('base64')
}

interface Framing {
  readonly frame: string | Buffer
  readonly decoded?: string
  readonly trailer?: string | null
  readonly wrong: string | null
}

const content = Buffer.from('0123456789')
const good = `x-amz-checksum-crc32:${crcOf(content)}\r\n`
const chunk = 'a\r\n0123456789\r\n'

const framings: readonly ((random: Random) => Framing)[] = [
  () => ({ frame: `${chunk}0\r\n${good}\r\n`, wrong: null }),
  () => ({ frame: `${chunk}0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`, wrong: 'a wrong checksum' }),
  () => ({
    frame: `${chunk}0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n`,
    trailer: null,
    wrong: 'a wrong checksum that nobody announced',
  }),
  () => ({ frame: `${chunk}0\r\n\r\n`, wrong: 'the announced checksum is missing' }),
  () => ({ frame: `${chunk}0\r\n${good}${good}\r\n`, wrong: null }),
  () => ({ frame: `${chunk}0\r\nx-amz-checksum-sha256:AAAA\r\n\r\n`, wrong: 'another checksum than announced' }),
  () => ({ frame: `${chunk}0\r\n${good}x-amz-meta-late: 1\r\nx-amz-acl: public-read\r\n\r\n`, wrong: null }),
  () => ({ frame: `${chunk}0\r\n${'a: b\r\n'.repeat(20_000)}${good}\r\n`, wrong: 'too many trailers' }),
  () => ({ frame: `${chunk}0\r\nx: ${'y'.repeat(300_000)}\r\n${good}\r\n`, wrong: 'a trailer too long' }),
  () => ({ frame: `${chunk}0\r\nno colon here\r\n\r\n`, wrong: 'a trailer that is none' }),
  () => ({ frame: `${chunk}0`, wrong: 'it ends in the middle' }),
  () => ({ frame: 'a\r\n01234', wrong: 'it ends in the middle of a chunk' }),
  () => ({ frame: `b\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'a chunk longer than it is' }),
  () => ({ frame: `9\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'a chunk shorter than it is' }),
  () => ({ frame: `-1\r\n${chunk}0\r\n${good}\r\n`, wrong: 'a chunk of less than nothing' }),
  () => ({ frame: `0xa\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'a size that is none' }),
  () => ({ frame: ` a\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'a size that is none' }),
  () => ({ frame: `\r\na\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'no size' }),
  () => ({ frame: `ffffffffffffffffa\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'a size beyond all' }),
  () => ({ frame: `a;${'x'.repeat(100_000)}\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: 'an extension too long' }),
  () => ({
    frame: `a;chunk-signature=${'0'.repeat(64)}\r\n0123456789\r\n0;chunk-signature=${'0'.repeat(64)}\r\n${good}\r\n`,
    wrong: null,
  }),
  () => ({ frame: `a\n0123456789\n0\n${good}\n`, wrong: 'bare line feeds' }),
  () => ({
    frame: `${chunk}0\r\n${good}\r\nGET /${foreign}/${key} HTTP/1.1\r\nhost: x\r\n\r\n`,
    wrong: 'more behind the end',
  }),
  () => ({
    frame: `${'1\r\n0\r\n'.repeat(10)}0\r\nx-amz-checksum-crc32:${crcOf(Buffer.from('0'.repeat(10)))}\r\n\r\n`,
    wrong: null,
  }),
  () => {
    const many = Buffer.from('0'.repeat(20_000))
    return {
      frame: `${'1\r\n0\r\n'.repeat(20_000)}0\r\nx-amz-checksum-crc32:${crcOf(many)}\r\n\r\n`,
      decoded: '20000',
      wrong: null,
    }
  },
  (random) => ({
    frame: `${chunk}0\r\n${good}\r\n`,
    decoded: random.pick(['1e1', '0xa', '', ' ', '+10', '-10', '10.0', '9', '11', '1_0', '99999999999999999999']),
    wrong: 'a decoded length that is not so',
  }),
  (random) => ({ frame: `${'0'.repeat(random.pick([100, 5000]))}a\r\n0123456789\r\n0\r\n${good}\r\n`, wrong: null }),
]

const framingChanges: readonly Change[] = [
  (random, request) => {
    const { frame, decoded = '10', trailer = 'x-amz-checksum-crc32', wrong } = random.pick(framings)(random)
    const headers: readonly Header[] = [
      ['content-encoding', 'aws-chunked'],
      ['x-amz-decoded-content-length', decoded],
      ...(trailer === null ? [] : [['x-amz-trailer', trailer] as const]),
    ]
    const body = Buffer.from(frame)
    return {
      ...put(random, request),
      headers,
      body,
      payload: { kind: 'literal', words: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
      name: `${request.name} [${frame.toString().slice(0, 40)} of ${decoded}]`,
      wrong,
    }
  },
  (random, request) => ({
    ...put(random, request),
    body: Buffer.alloc(random.pick([0, 1, 9000, 70_000]), 'x'),
    payload: { kind: 'signedChunks', chunkBytes: random.pick([8192, 65_536]) },
  }),
  (random, request) => ({
    ...put(random, request),
    body: Buffer.alloc(random.pick([1, 9000, 70_000]), 'x'),
    payload: { kind: 'signedChunks', chunkBytes: 8192, breakSignature: true },
    wrong: 'the last chunk’s signature',
  }),
  (random, request) => ({
    ...put(random, request),
    payload: {
      kind: 'literal',
      words: random.pick(['a'.repeat(64), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', '']),
    },
    body: Buffer.from('other bytes than promised'),
    wrong: 'other bytes than promised',
  }),
  (random, request) => ({
    ...put(random, request),
    payload: {
      kind: 'literal',
      words: random.pick([
        'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
        'STREAMING-UNSIGNED-PAYLOAD',
        'unsigned-payload',
        'UNSIGNED-PAYLOAD ',
        'SHA1',
        '0'.repeat(63),
      ]),
    },
    body: Buffer.from('plain bytes'),
    wrong: 'a promise that is not kept',
  }),
  (random, request) => ({
    ...withBody(put(random, request), 'content'),
    headers: [
      random.pick<Header>([
        ['content-md5', md5('other')],
        ['content-md5', 'nonsense'],
        ['x-amz-checksum-crc32', 'AAAAAA=='],
        ['x-amz-checksum-sha256', 'AAAA'],
        ['x-amz-checksum-crc64nvme', 'AAAAAAAAAAA='],
      ]),
    ],
    wrong: 'a wrong checksum',
  }),
]

type Late = (wire: Wire) => Wire
const more =
  (...headers: readonly Header[]): Late =>
  (wire) => ({ ...wire, headers: [...wire.headers, ...headers] })
const without = (wire: Wire, name: string): Wire => ({ ...wire, headers: wire.headers.filter(([own]) => own !== name) })
const smuggled = `GET /${foreign}/${key} HTTP/1.1\r\nhost: x\r\n\r\n`

const lengths: readonly (readonly [string, Late])[] = [
  ['two lengths', more(['content-length', '3'])],
  ['two lengths, the other first', (wire) => ({ ...wire, headers: [['Content-Length', '0'], ...wire.headers] })],
  ['both framings', more(['transfer-encoding', 'chunked'])],
  ['both framings, oddly spelled', more(['Transfer-Encoding', 'xchunked'])],
  ['both framings, with a tab', more(['transfer-encoding', '\tchunked'])],
  ['both framings, twice', more(['transfer-encoding', 'chunked'], ['transfer-encoding', 'identity'])],
  [
    'chunks in place of a length',
    (wire) => ({
      ...without(wire, 'content-length'),
      headers: [...without(wire, 'content-length').headers, ['transfer-encoding', 'chunked']],
      body: Buffer.from(`0\r\n\r\n${smuggled}`),
    }),
  ],
  [
    'broken chunks',
    (wire) => ({
      ...without(wire, 'content-length'),
      headers: [...without(wire, 'content-length').headers, ['transfer-encoding', 'chunked']],
      body: Buffer.from(`5\r\nabc\r\n0\r\n\r\n`),
    }),
  ],
  ['a length with a sign', (wire) => more(['content-length', `+${wire.body.length}`])(without(wire, 'content-length'))],
  [
    'a length in hexadecimal',
    (wire) => more(['content-length', `0x${wire.body.length.toString(16)}`])(without(wire, 'content-length')),
  ],
  ['a negative length', (wire) => more(['content-length', '-1'])(without(wire, 'content-length'))],
  ['a length beyond all', (wire) => more(['content-length', '99999999999999999999'])(without(wire, 'content-length'))],
  [
    'a list of lengths',
    (wire) => more(['content-length', `${wire.body.length}, ${wire.body.length}`])(without(wire, 'content-length')),
  ],
]

const lengthChanges: readonly Change[] = [
  (random, request) => {
    const [name, change] = random.pick(lengths)
    const base = withBody(put(random, request), 'a body of some bytes')
    return {
      ...base,
      late: change,
      wrong: name,
      followedBy: random.chance(0.5) ? Buffer.from(smuggled) : Buffer.alloc(0),
    }
  },
]

const objects = (keys: readonly string[]): string =>
  `<Delete>${keys.map((one) => `<Object><Key>${one}</Key></Object>`).join('')}</Delete>`
const bomb = `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">${'bcdefghij'
  .split('')
  .map((c, i) => `<!ENTITY ${c} "${`&${'abcdefghi'[i]};`.repeat(10)}">`)
  .join('')}]>`

const documents: readonly (readonly [body: string | Buffer, wrong: string | null])[] = [
  [`${bomb}<Delete><Object><Key>&j;</Key></Object></Delete>`, 'entities of its own'],
  [`<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x"><Delete><Object><Key>a</Key></Object></Delete>`, 'an outer document'],
  [
    `<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>`,
    'an outer entity',
  ],
  [`${'<a>'.repeat(50_000)}${'</a>'.repeat(50_000)}`, 'depth'],
  [`<Delete>${'<Object>'.repeat(3000)}${'</Object>'.repeat(3000)}</Delete>`, 'depth'],
  [objects(Array.from({ length: 1001 }, (_, index) => `k${index}`)), 'more than a thousand'],
  [objects(['x'.repeat(3_000_000)]), 'too large'],
  [objects(['x'.repeat(1025)]), null],
  [objects([`../${foreign}/${key}`, `/${foreign}/${key}`, `..%2F${foreign}%2F${key}`]), null],
  [objects(['mine/../theirs/known', 'theirs/known', '', 'a.txt&#0;']), null],
  ['<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>', null],
  ['<Delete><Object><Key>a.txt</Key><VersionId>null</VersionId></Object></Delete>', null],
  [
    '<Delete><Object><Key>a.txt</Key><VersionId>8c6b1a3e-0000-4000-8000-000000000001</VersionId><VersionId></VersionId></Object></Delete>',
    null,
  ],
  ['<Delete><Object></Object></Delete>', null],
  ['<Delete></Delete>', null],
  ['<Delete><Object><Key>a</Object></Delete>', 'not well-formed'],
  ['<Delete><Object><Key>a</Key></Object>', 'not well-formed'],
  ['<Other><Object><Key>a</Key></Object></Other>', 'not this document'],
  ['', 'no document'],
  ['{"Delete":[]}', 'no XML'],
  [Buffer.from([0xff, 0xfe, 0x3c, 0x00]), 'no XML'],
  [`<Delete ${'a="b" '.repeat(20_000)}></Delete>`, null],
  ['<Delete><Object><Key><![CDATA[a.txt]]></Key></Object></Delete>', null],
  ['<Delete><!-- <Object><Key>x</Key></Object> --><Object><Key>&#x61;</Key></Object></Delete>', null],
  ['<__proto__><constructor>x</constructor></__proto__>', 'not this document'],
  [`<Delete><Object><Key>${'&amp;'.repeat(200_000)}</Key></Object></Delete>`, null],
  ['<Delete><Object><Key>a</Key></Object></Delete><Delete><Object><Key>b</Key></Object></Delete>', 'two documents'],
]

const documentChanges: readonly Change[] = [
  (random, request) => {
    const [text, wrong] = random.pick(documents)
    const { bucket } = clients[request.as]
    const body = Buffer.from(text)
    return {
      ...request,
      method: 'POST',
      target: `/${bucket}?delete`,
      headers: [['content-md5', md5(body)]],
      body,
      wrong: clients[request.as].rights.includes('delete') ? wrong : null,
    }
  },
  (random, request) => {
    const query = random.pick(['tagging', 'uploadId=none', 'retention', 'versioning', 'cors', 'acl', 'legal-hold'])
    const text = random.pick(documents)[0]
    const body = Buffer.from(
      typeof text === 'string' ? text.replaceAll('Delete', 'Tagging').replaceAll('Object', 'TagSet') : text,
    )
    const base = put(random, request)
    return {
      ...base,
      method: query.startsWith('uploadId') ? 'POST' : 'PUT',
      target: `${base.target}?${query}`,
      headers: [['content-md5', md5(body)]],
      body,
    }
  },
  (random, request) => ({ ...request, body: Buffer.alloc(random.pick([1, 100, 100_000]), 'b') }),
]

/** Changes to what follows the head. */
export const bodyChanges: Readonly<Record<string, readonly Change[]>> = {
  framing: framingChanges,
  length: lengthChanges,
  document: documentChanges,
}
