import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { align } from '../../electron/engine/replicate/versions/align.ts'
import { sequence } from '../../electron/engine/replicate/attempt/in-order.ts'
import type { VersionEntry } from '../../electron/engine/store/port.ts'

const entry = (versionId: string, modifiedAt: number, etag = versionId): VersionEntry => ({
  key: 'k',
  versionId,
  isLatest: false,
  deleteMarker: false,
  etag,
  sizeBytes: 1,
  modifiedAt,
  storageClass: null,
})

const mints = { identity: 'mints', ordersByMtime: false } as const

describe('the sequence of writes that brings a version', () => {
  test('writes a late version and then, again, every one that must lie above it', () => {
    const source = [entry('v4', 4), entry('v3', 3), entry('v2', 2), entry('v1', 1)]
    const target = [entry('r2', 12, 'v2')]
    const seen = {
      source,
      target,
      alignment: align(source, target, [{ sourceVersionId: 'v2', targetVersionId: 'r2' }]),
    }
    const steps = sequence(source[1]!, seen, () => true, mints)
    expect(steps.map(({ version, former }) => [version.versionId, former?.versionId ?? null])).toEqual([
      ['v1', null],
      ['v2', 'r2'],
      ['v3', null],
    ])
  })

  test('is only what is missing where the site orders by modification time', () => {
    const source = [entry('v2', 2), entry('v1', 1)]
    const target = [entry('v2', 2)]
    const seen = { source, target, alignment: align(source, target, []) }
    const byTime = { ...mints, ordersByMtime: true }
    expect(sequence(source[1]!, seen, () => true, byTime).map((step) => step.version.versionId)).toEqual(['v1'])
  })

  const shuffled = fc
    .array(fc.boolean(), { minLength: 1, maxLength: 8 })
    .chain((present) =>
      fc.tuple(fc.constant(present), fc.shuffledSubarray([...present.keys()].filter((index) => present[index]))),
    )

  test('leaves the target in the source’s order, whichever versions were there in whichever order, and whichever comes', () => {
    fc.assert(
      fc.property(shuffled, fc.nat(), ([present, order], pick) => {
        const source = present.map((_, index) => entry(`v${present.length - index}`, present.length - index))
        const replicas = order.map((index) => ({ ...source[index]!, versionId: `r-${source[index]!.versionId}` }))
        const pairs = replicas.map((replica) => ({ sourceVersionId: replica.etag, targetVersionId: replica.versionId }))
        const alignment = align(source, replicas, pairs)
        const comes = [...alignment.missing, ...(alignment.misplaced === null ? [] : [alignment.misplaced])]
        const named = comes[pick % Math.max(1, comes.length)]
        if (named === undefined) return
        const steps = sequence(named, { source, alignment }, () => true, mints)
        const kept = replicas.filter((replica) => !steps.some((step) => step.former === replica))
        const after = [...steps.map((step) => step.version.etag).toReversed(), ...kept.map((replica) => replica.etag)]
        expect(after).toEqual(source.map((version) => version.etag).filter((etag) => after.includes(etag)))
        expect(after).toContain(named.etag)
      }),
    )
  })
})
