import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isRecognisable, looksRandom, sampleBytes } from '../../electron/engine/content/looks-random.ts'
import { BodyBeginning } from '../../electron/engine/content/body-beginning.ts'
import { knownType } from '../../electron/engine/content/signatures.ts'
import { isSampled, stemOf } from '../../electron/engine/brake/overwrite-brake.ts'
import { Random } from '../support/random.ts'
import { cipherBytes, compressed, documents, prose } from '../support/sample-files.ts'

const beginningOf = (content: Buffer): Buffer => content.subarray(0, sampleBytes)

describe('content', () => {
  test.each(Object.entries({ ...documents, ...compressed }))(
    'of a .%s file is recognised, whatever is in it and however long it is',
    (_ending, make) => {
      for (let seed = 1; seed <= 200; seed++) expect(isRecognisable(beginningOf(make(new Random(seed))))).toBe(true)
    },
  )

  test('that a cipher made looks random at every length that can be told', () => {
    const random = new Random(8)
    const missed = Array.from({ length: 3000 }, () => cipherBytes(random, random.int(64, 4096))).filter(
      (bytes) => !looksRandom(bytes),
    )
    // A few of a thousand begin like a type that is told by two bytes.
    expect(missed.length).toBeLessThan(6)
  })

  test('behind a note in clear looks random too', () => {
    const note = Buffer.from('ENCRYPTED v1 key=0a1b2c3d4e5f\n')
    expect(looksRandom(Buffer.concat([note, cipherBytes(new Random(1), 8000)]))).toBe(true)
  })

  test('that is empty or only a few bytes tells nothing', () => {
    expect([looksRandom(Buffer.alloc(0)), isRecognisable(Buffer.alloc(0))]).toEqual([false, false])
    expect(looksRandom(Buffer.from([0xff, 0x00, 0x9a]))).toBe(false)
  })

  test('in any script is text, also where the sample cuts a character in two', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const bytes = Buffer.from(text)
        fc.pre(!bytes.some((byte) => byte < 0x20) && bytes.length > 8)
        for (let cut = 0; cut < 3; cut++) expect(isRecognisable(bytes.subarray(0, bytes.length - cut))).toBe(true)
      }),
    )
  })

  test('is known by its own first bytes', () => {
    const text = prose(new Random(3), 5000)
    expect(
      [gzipSync(text), zstdCompressSync(text), Buffer.from('%PDF-1.7'), brotliCompressSync(text)].map(knownType),
    ).toEqual(['gzip', 'zstd', 'pdf', null])
  })

  test('is sampled from its beginning, in whatever pieces it comes', () => {
    const body = cipherBytes(new Random(5), sampleBytes + 5000)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 5 }), (sizes) => {
        const sample = new BodyBeginning()
        let at = 0
        for (const size of sizes) sample.add(body.subarray(at, (at += size)))
        expect(sample.bytes.equals(body.subarray(0, Math.min(at, sampleBytes)))).toBe(true)
      }),
    )
  })
})

test.each([
  ['a/report.docx', 'a/report.docx.locked', true],
  ['a/report.docx', 'a/report.locked', true],
  ['a/report.docx', 'a/report.docx.id-7.[x].lock', true],
  ['README', 'README.locked', true],
  ['.env', '.env.locked', true],
  ['a/report.docx', 'b/report.docx.locked', false],
  ['a.b/x', 'a.c/x', false],
])('%s and %s are one name with another ending: %s', (one, other, same) => {
  expect(stemOf(one) === stemOf(other)).toBe(same)
})

test('after many harmless ones every eighth key is judged, always the same for one seed', () => {
  const keys = Array.from({ length: 8000 }, (_, at) => `backup/${at}.bin`)
  const chosen = (seed: string): readonly string[] => keys.filter((key) => isSampled(key, 64, seed))
  expect(chosen('one')).toEqual(chosen('one'))
  expect(chosen('one')).not.toEqual(chosen('two'))
  expect(Math.abs(chosen('one').length - 1000)).toBeLessThan(150)
  expect(keys.every((key) => isSampled(key, 63, 'one'))).toBe(true)
})
