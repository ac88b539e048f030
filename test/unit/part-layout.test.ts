import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  evenLayout,
  likelyLayouts,
  multipartEtag,
  partsInEtag,
} from '../../electron/engine/replicate/copy/part-layout.ts'

const mib = 1024 * 1024

describe('the part layout of a version', () => {
  test('is read from its ETag only where that speaks of parts', () => {
    expect(['9b2cf535f27731c974343645a3985328', 'abc-7', 'abc-0', 'a-b'].map(partsInEtag)).toEqual([
      null,
      7,
      null,
      null,
    ])
  })

  test('covers every byte with parts of one size and a shorter last one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 1, max: 9_000 }), (size, part) => {
        const layout = evenLayout(size, part)
        expect(layout.reduce((sum, bytes) => sum + bytes, 0)).toBe(size)
        expect(layout.slice(0, -1).every((bytes) => bytes === part)).toBe(true)
      }),
    )
  })

  test('that a client used is among the likely ones, whatever its usual part size', () => {
    for (const part of [5, 8, 16, 64]) {
      for (const size of [part * mib + 1, 3 * part * mib, 7 * part * mib - 12345]) {
        const used = evenLayout(size, part * mib)
        expect(likelyLayouts(size, used.length)).toContainEqual(used)
      }
    }
  })

  test('gives the ETag that S3 gives: the MD5 of the parts’ MD5s and their number', () => {
    const md5s = ['one', 'two'].map((text) => createHash('md5').update(text).digest('hex'))
    const both = createHash('md5')
      .update(Buffer.from(md5s.join(''), 'hex'))
      .digest('hex')
    expect(multipartEtag(md5s)).toBe(`${both}-2`)
  })
})
