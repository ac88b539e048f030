import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Journal } from '../../../electron/engine/journal/port/journal.ts'
import type { VersionPair } from '../../../electron/engine/journal/port/versions.ts'
import { linkIdentity } from '../../support/link-identity.ts'
import type { OpenJournal } from './implementation.ts'

const keys = ['a', 'a/b', 'é', '\u{1F600}', '\uFF5E', 'z'] as const
const bySource = (pairs: readonly VersionPair[]): readonly VersionPair[] =>
  pairs.toSorted((a, b) => (a.sourceVersionId < b.sourceVersionId ? -1 : 1))

/** Pairs are learned as a task of the key settles. */
async function learn(
  { tasks }: Journal,
  linkId: string,
  key: string,
  learned: readonly VersionPair[],
  forgotten: readonly string[] = [],
): Promise<void> {
  const task = { linkId, key, versionId: 'v', operation: 'put', sizeBytes: 1, changedAt: 1, absentSeenAt: 0 } as const
  const [seq] = await tasks.enqueue([task])
  await tasks.settle({ seq: seq!, revision: 1, bytes: 1, learned, forgotten })
}

/** What `VersionStore` promises, of any implementation. */
export function versionsPromises(open: OpenJournal): void {
  test('a pair says how it is known, is replaced by a newer one of its source, and is there after a restart', async () => {
    const { journal, reopen } = await open()
    await learn(journal, 'l', 'k', [
      { sourceVersionId: 's1', targetVersionId: 't0' },
      { sourceVersionId: 's2', targetVersionId: 't2', proof: 'found' },
      { sourceVersionId: 's3', targetVersionId: 't3', proof: 'untold' },
    ])
    await learn(journal, 'l', 'k', [{ sourceVersionId: 's1', targetVersionId: 't1' }], ['s3'])
    const expected = [
      { sourceVersionId: 's1', targetVersionId: 't1' },
      { sourceVersionId: 's2', targetVersionId: 't2', proof: 'found' },
    ]
    expect(bySource(await journal.versions.pairs('l', 'k'))).toEqual(expected)
    const { versions } = await reopen()
    expect(bySource(await versions.pairs('l', 'k'))).toEqual(expected)
    expect([await versions.pairs('l', 'other'), await versions.pairs('other', 'k')]).toEqual([[], []])
  })

  test('who hears that a task is settled reads its pairs', async () => {
    const { journal } = await open()
    for (let round = 0; round < 20; round++) {
      await learn(journal, 'l', `k${round}`, [{ sourceVersionId: 's', targetVersionId: `t${round}` }])
      expect(await journal.versions.pairs('l', `k${round}`)).toHaveLength(1)
    }
  })

  test('pairs go with their link, and no others do', async () => {
    const { journal, reopen } = await open()
    for (const link of ['r/a/b', 'r/a/c']) {
      await journal.records.openLink(linkIdentity(link, 'r'))
      await learn(journal, link, 'k', [{ sourceVersionId: 's', targetVersionId: link }])
    }
    await journal.records.forgetLink('r/a/b')
    for (const place of [async () => journal, reopen]) {
      const { versions } = await place()
      expect([await versions.pairs('r/a/b', 'k'), (await versions.pairsBetween('r/a/b', '', 'z')).size]).toEqual([
        [],
        0,
      ])
      expect(await versions.pairs('r/a/c', 'k')).toHaveLength(1)
    }
  })

  test('ranges take in both ends, by the bytes of the keys in UTF-8', async () => {
    const { journal } = await open()
    for (const key of keys)
      await learn(journal, 'l', key, [
        { sourceVersionId: 's1', targetVersionId: `${key} 1` },
        { sourceVersionId: 's2', targetVersionId: `${key} 2` },
      ])
    const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...keys), fc.constantFrom(...keys), async (from, to) => {
        const found = await journal.versions.pairsBetween('l', from, to)
        const within = keys.filter((key) => bytes(from, key) <= 0 && bytes(key, to) <= 0)
        expect(new Set(found.keys())).toEqual(new Set(within))
        for (const [key, pairs] of found)
          expect(pairs.map((pair) => pair.targetVersionId).toSorted()).toEqual([`${key} 1`, `${key} 2`])
      }),
    )
  })
}
