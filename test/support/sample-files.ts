import { crc32, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Random } from './random.ts'

/** Bytes as a cipher makes them: every length and every prefix looks random. */
export function cipherBytes(random: Random, sizeBytes: number): Buffer {
  return Buffer.from(Array.from({ length: sizeBytes }, () => random.int(0, 255)))
}

const words =
  'invoice customer total amount paid due order number address street city country phone report quarter budget plan'.split(
    ' ',
  )

export function prose(random: Random, sizeBytes: number): string {
  let text = ''
  while (text.length < sizeBytes) text += `${random.pick(words)}${random.chance(0.1) ? '.\n' : ' '}`
  return text.slice(0, sizeBytes)
}

/** A ZIP archive of named entries, deflated: the container that office files are. */
function zip(entries: Readonly<Record<string, Buffer | string>>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(entries)) {
    const plain = Buffer.from(content)
    const packed = deflateRawSync(plain)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(plain), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(plain.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), packed])
    const end = Buffer.alloc(14)
    end.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, end, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const tail = Buffer.alloc(22)
  tail.write('PK\x05\x06', 'latin1')
  tail.writeUInt16LE(locals.length, 8)
  tail.writeUInt16LE(locals.length, 10)
  tail.writeUInt32LE(directory.length, 12)
  tail.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, tail])
}

/** The least that Word opens: three parts in a ZIP archive. */
function docx(random: Random): Buffer {
  const relation = 'http://schemas.openxmlformats.org'
  return zip({
    '[Content_Types].xml': `<?xml version="1.0"?><Types xmlns="${relation}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`,
    '_rels/.rels': `<?xml version="1.0"?><Relationships xmlns="${relation}/package/2006/relationships"><Relationship Id="r1" Type="${relation}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/document.xml': `<?xml version="1.0"?><w:document xmlns:w="${relation}/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>${prose(random, 1500)}</w:t></w:r></w:p></w:body></w:document>`,
  })
}

/** A picture of noise, one byte a pixel: valid, and as incompressible as a photograph. */
function png(random: Random, side = 24): Buffer {
  const rows = Buffer.concat(
    Array.from({ length: side }, () => Buffer.concat([Buffer.of(0), cipherBytes(random, side)])),
  )
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header[8] = 8
  const chunk = (type: string, content: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), content])
    const sizes = Buffer.alloc(8)
    sizes.writeUInt32BE(content.length, 0)
    sizes.writeUInt32BE(crc32(named), 4)
    return Buffer.concat([sizes.subarray(0, 4), named, sizes.subarray(4)])
  }
  const magic = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([magic, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

/** What people write, by ending. */
export const documents: Readonly<Record<string, (random: Random) => Buffer>> = {
  docx,
  txt: (random) => Buffer.from(prose(random, random.int(40, 3000))),
  csv: (random) =>
    Buffer.from(
      Array.from({ length: 40 }, (_, row) => `${row};${random.pick(words)};${random.int(1, 9999)}`).join('\r\n'),
    ),
  json: (random) => Buffer.from(JSON.stringify({ title: random.pick(words), text: prose(random, 600) })),
  png,
}

const headed =
  (hex: string) =>
  (random: Random): Buffer =>
    Buffer.concat([Buffer.from(hex, 'hex'), cipherBytes(random, random.int(500, 1500))])

/** What a backup or a camera writes: compressed, by ending. The last three are a true beginning and noise. */
export const compressed: Readonly<Record<string, (random: Random) => Buffer>> = {
  gz: (random) => gzipSync(cipherBytes(random, 800)),
  zst: (random) => zstdCompressSync(Buffer.from(prose(random, 3000))),
  zip: (random) => zip({ 'dump.sql': prose(random, 3000), noise: cipherBytes(random, 300) }),
  png,
  '7z': headed('377abcaf271c0004'),
  jpg: headed('ffd8ffe000104a46494600010100000100010000'),
  mp4: headed('00000020667479706d703432000000006d703432'),
}
