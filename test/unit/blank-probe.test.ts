import { describe, expect, test } from 'vitest'
import { BlankProbe, type SignedAnswer } from '../../electron/engine/store/blank-probe.ts'
import type { HeaderPair } from '../../electron/engine/s3/headers.ts'
import type { BlankSpelling } from '../../electron/engine/s3/signed-blanks.ts'

const odd: readonly HeaderPair[] = [['x-amz-meta-title', 'a\tb']]
const refused: SignedAnswer = { status: 403, code: 'SignatureDoesNotMatch' }

/** A site that reads blanks in one way, and answers first with what stands before it. */
function siteReading(reads: BlankSpelling, first: readonly SignedAnswer[] = []) {
  const before = [...first]
  let asked = 0
  const ask = (_: HeaderPair, spelling: BlankSpelling): Promise<SignedAnswer> => {
    asked += 1
    return Promise.resolve(before.shift() ?? (spelling === reads ? { status: 200, code: null } : refused))
  }
  return { ask, count: () => asked }
}

describe('how a site reads blanks', () => {
  test('is asked once, and not at all where no value holds an odd one', async () => {
    const [probe, site] = [new BlankProbe(), siteReading('first')]
    expect(await probe.spelling([['x-amz-meta-title', 'a  b']], site.ask)).toBe('blanks')
    expect(site.count()).toBe(0)
    expect(await Promise.all([probe.spelling(odd, site.ask), probe.spelling(odd, site.ask)])).toEqual([
      'first',
      'first',
    ])
    const asked = site.count()
    expect([await probe.spelling(odd, site.ask), site.count()]).toEqual(['first', asked])
  })

  test.each([
    [503, 'SlowDown'],
    [502, null],
    [400, 'AuthorizationHeaderMalformed'],
    [403, 'RequestTimeTooSkewed'],
    [301, 'PermanentRedirect'],
  ])('is not learned from an answer %d %s, which says nothing of the signature', async (status, code) => {
    const [probe, site] = [new BlankProbe(), siteReading('spaces', [{ status, code }])]
    expect(await probe.spelling(odd, site.ask)).toBe('blanks')
    expect(await probe.spelling(odd, site.ask)).toBe('spaces')
  })

  test('is learned from a refusal that comes after the signature, and forgotten when one is refused again', async () => {
    for (const code of ['AccessDenied', 'NoSuchBucket'])
      expect(await new BlankProbe().spelling(odd, () => Promise.resolve({ status: 403, code }))).toBe('words')
    const probe = new BlankProbe()
    expect(await probe.spelling(odd, siteReading('words').ask)).toBe('words')
    probe.heard({ code: 'AccessDenied' })
    expect(await probe.spelling(odd, siteReading('first').ask)).toBe('words')
    probe.heard(refused)
    expect(await probe.spelling(odd, siteReading('first').ask)).toBe('first')
  })

  test('is asked again after the site could not be reached', async () => {
    const probe = new BlankProbe()
    await expect(probe.spelling(odd, () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(await probe.spelling(odd, siteReading('words').ask)).toBe('words')
  })
})
