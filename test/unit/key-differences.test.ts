import fc from 'fast-check'
import { expect, test } from 'vitest'
import { differencesOfKey, latestDifference, type KeyToCompare } from '../../electron/engine/compare/key-differences.ts'
import type { VersionPair } from '../../electron/engine/journal/port/versions.ts'
import type { VersionEntry } from '../../electron/engine/store/port.ts'
import type { LinkOrder } from '../../electron/engine/replicate/port.ts'
import { fidelityKindsOf } from '../../shared/model/fidelity.ts'
import { ruleSchema } from '../../shared/model/rule.ts'

const rule = ruleSchema.parse({
  id: 'r',
  source: { site: 'a', bucket: 'data' },
  targets: [{ site: 'b', bucket: 'data' }],
})

const linkWith = (identity: 'mints' | 'adopts-minio', versionDeletes: boolean): LinkOrder => ({
  ruleId: 'r',
  linkId: 'r/b/data',
  source: { site: 'a', bucket: 'data' },
  target: { site: 'b', bucket: 'data' },
  rule: { ...rule, versionDeletes },
  identity,
  fidelity: fidelityKindsOf(rule, null, null),
  ordersByMtime: false,
  copySince: 0,
})

/** `null` is a delete marker; a number is one of a few contents, so that histories repeat themselves. */
const history = fc.array(fc.option(fc.integer({ min: 0, max: 2 })), { minLength: 1, maxLength: 6 })

const entry = (versionId: string, content: number | null, at: number): VersionEntry => ({
  key: 'k',
  versionId,
  isLatest: false,
  deleteMarker: content === null,
  etag: content === null ? '' : String(content).repeat(32),
  sizeBytes: content === null ? 0 : 10,
  modifiedAt: at,
  storageClass: null,
})

interface World {
  readonly source: readonly VersionEntry[]
  readonly target: readonly VersionEntry[]
  readonly known: readonly VersionPair[]
  readonly link: LinkOrder
}

/** A key in step: newest first at both sides; of some pairs the journal knows nothing. */
const inStep: fc.Arbitrary<World> = fc
  .record({
    contents: history,
    identity: fc.constantFrom('mints', 'adopts-minio'),
    versionDeletes: fc.boolean(),
    isKnown: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  })
  .map(({ contents, identity, versionDeletes, isKnown }) => {
    const idOf = (index: number): string => (identity === 'mints' ? `t${index}` : `s${index}`)
    const at = (index: number): number => 1000 - index
    return {
      source: contents.map((content, index) => entry(`s${index}`, content, at(index))),
      target: contents.map((content, index) => entry(idOf(index), content, at(index))),
      known: contents.flatMap((_, index) =>
        isKnown[index] === true ? [{ sourceVersionId: `s${index}`, targetVersionId: idOf(index) }] : [],
      ),
      link: linkWith(identity, versionDeletes),
    }
  })

/** What a comparison by listing makes of it: differences, and what it would look at more closely. */
function found({ source, target, known, link }: World): readonly string[] {
  const view: KeyToCompare = {
    key: 'k',
    source,
    target,
    known,
    copied: new Set(),
    ofAnotherRule: new Set(),
    isUnversioned: false,
  }
  const { differences, doubts, ...rest } = differencesOfKey(view, link, 'listing')
  const latest = latestDifference(view, rest, rest.excused, link)
  return [
    ...differences.map(({ kind }) => kind),
    ...doubts.map(({ about }) => `doubt ${about}`),
    ...(latest === null ? [] : [latest.kind]),
  ]
}

type Plant = (target: readonly VersionEntry[], at: number) => readonly VersionEntry[] | null

const stray = { ...entry('stray', 7, 500), etag: 'f'.repeat(32) }

/** One single difference at the target; null where it would be none. */
const plants: Readonly<Record<string, Plant>> = {
  'a version that is gone': (target, at) => target.toSpliced(at, 1),
  'a stray version': (target, at) => target.toSpliced(at, 0, stray),
  'a stray marker on top': (target) => [{ ...entry('stray', null, 2000) }, ...target],
  'another size': (target, at) => changed(target, at, (one) => ({ ...one, sizeBytes: 11 })),
  'another ETag': (target, at) => changed(target, at, (one) => ({ ...one, etag: 'e'.repeat(32) })),
  'another order': (target, at) => {
    const [upper, lower] = [target[at], target[at + 1]]
    if (upper === undefined || lower === undefined || upper.etag === lower.etag) return null
    return target.toSpliced(at, 2, lower, upper)
  },
}

function changed(
  target: readonly VersionEntry[],
  at: number,
  change: (one: VersionEntry) => VersionEntry,
): readonly VersionEntry[] | null {
  const one = target[at]
  return one === undefined || one.deleteMarker ? null : target.with(at, change(one))
}

test('a key in step has no difference, whatever the journal forgot', () => {
  fc.assert(
    fc.property(inStep, (world) => {
      expect(found(world)).toEqual([])
    }),
  )
})

test.each(Object.entries(plants))('%s is found wherever it is, whatever the journal forgot', (_, plant) => {
  fc.assert(
    fc.property(inStep, fc.nat(5), (world, place) => {
      const target = plant(world.target, place % world.target.length)
      fc.pre(target !== null)
      expect(found({ ...world, target })).not.toEqual([])
    }),
    { numRuns: 500 },
  )
})

test('a version deleted for good at the source is left at the target by a rule that does not repeat that, if it is known', () => {
  fc.assert(
    fc.property(inStep, fc.nat(5), (world, place) => {
      fc.pre(!world.link.rule.versionDeletes)
      const at = place % world.source.length
      const source = world.source.toSpliced(at, 1)
      const known = world.source.map((one, index) => ({
        sourceVersionId: one.versionId,
        targetVersionId: world.target[index]!.versionId,
      }))
      expect(found({ ...world, source, known })).toEqual([])
    }),
  )
})

test('another order shows also where a version is missing on purpose, for want of the tags that the rule asks for', () => {
  const link = linkWith('adopts-minio', false)
  const tagged = { ...link, rule: { ...link.rule, filter: { ...link.rule.filter, tags: { keep: 'yes' } } } }
  const versions = [3, 2, 1, 0].map((at) => entry(`s${at}`, at, 1000 + at))
  const view = (target: readonly VersionEntry[]): KeyToCompare => ({
    key: 'k',
    source: versions,
    target,
    known: [],
    copied: new Set(),
    ofAnotherRule: new Set(),
    isUnversioned: false,
  })
  const kindsOf = (target: readonly VersionEntry[]): readonly string[] =>
    differencesOfKey(view(target), tagged, 'listing').differences.map(({ kind }) => kind)
  const replicas = versions.slice(1)
  expect([kindsOf(replicas), kindsOf(replicas.toReversed())]).toEqual([[], ['order']])
})
