import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { align } from '../../electron/engine/replicate/align.ts'
import { sequence } from '../../electron/engine/replicate/in-order.ts'
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

describe('the sequence of writes that brings a version', () => {
  test('writes a late version and then, again, every one that must lie above it', () => {
    const source = [entry('v4', 4), entry('v3', 3), entry('v2', 2), entry('v1', 1)]
    const target = [entry('r2', 12, 'v2')]
    const seen = {
      source,
      target,
      alignment: align(source, target, [{ sourceVersionId: 'v2', targetVersionId: 'r2' }]),
      learned: [],
      placeholders: [],
    }
    const steps = sequence(source[1]!, seen, () => true, false)
    expect(steps.map(({ version, former }) => [version.versionId, former?.versionId ?? null])).toEqual([
      ['v1', null],
      ['v2', 'r2'],
      ['v3', null],
    ])
  })

  test('is only what is missing where the site orders by modification time', () => {
    const source = [entry('v2', 2), entry('v1', 1)]
    const target = [entry('v2', 2)]
    const seen = { source, target, alignment: align(source, target, []), learned: [], placeholders: [] }
    expect(sequence(source[1]!, seen, () => true, true).map((step) => step.version.versionId)).toEqual(['v1'])
  })

  test('leaves the target in the source’s order, whichever versions were there and whichever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), fc.nat(), (present, pick) => {
        const source = present.map((_, index) => entry(`v${present.length - index}`, present.length - index))
        const replicas = source
          .filter((_, index) => present[index])
          .map((version) => ({ ...version, versionId: `r-${version.versionId}` }))
        const pairs = replicas.map((replica) => ({ sourceVersionId: replica.etag, targetVersionId: replica.versionId }))
        const alignment = align(source, replicas, pairs)
        const named = alignment.missing[pick % Math.max(1, alignment.missing.length)]
        if (named === undefined) return
        const steps = sequence(
          named,
          { source, target: replicas, alignment, learned: [], placeholders: [] },
          () => true,
          false,
        )
        const kept = replicas.filter((replica) => !steps.some((step) => step.former === replica))
        const after = [...steps.map((step) => step.version.etag).toReversed(), ...kept.map((replica) => replica.etag)]
        expect(after).toEqual(source.map((version) => version.etag).filter((etag) => after.includes(etag)))
        expect(after).toContain(named.etag)
      }),
    )
  })
})
