import { expect, test } from 'vitest'
import { fidelityKinds, fidelityOf, fidelityProperties, type KnownSite } from '../../shared/model/fidelity.ts'
import { ruleSchema } from '../../shared/model/rule.ts'

const rule = ruleSchema.parse({
  id: 'r',
  source: { site: 'a', bucket: 'data' },
  targets: [{ site: 'b', bucket: 'data' }],
})
const minio: KnownSite = { vendor: 'minio', identity: 'adopts-minio', ordersByMtime: true }
const ceph: KnownSite = { vendor: 'ceph', identity: 'mints', ordersByMtime: false }

const kinds = (source: KnownSite, target: KnownSite, of = rule): Record<string, string> =>
  Object.fromEntries(fidelityOf(of, source, target).map(({ property, kind }) => [property, kind]))

test('every property has its line with words, whatever is known of the sites', () => {
  for (const source of [null, minio, ceph])
    for (const target of [null, minio, ceph]) {
      const lines = fidelityOf(rule, source, target)
      expect(lines.map(({ property }) => property)).toEqual(Object.keys(fidelityProperties))
      expect(lines.filter(({ words, kind }) => words.length < 10 || !fidelityKinds.includes(kind))).toEqual([])
    }
})

test('what depends on a site that was not probed is unknown, never kept', () => {
  const unknown = Object.entries(kinds(null, null)).flatMap(([name, kind]) => (kind === 'unknown' ? [name] : []))
  expect(unknown).toEqual(
    expect.arrayContaining(['version-id', 'times', 'part-layout', 'empty-metadata', 'refused-tags']),
  )
})

test('two kinds of target differ where their servers do', () => {
  expect([kinds(ceph, minio), kinds(minio, ceph)]).toMatchObject([
    { times: 'kept', 'part-layout': 'translated', 'refused-tags': 'refused', 'website-redirect': 'not-kept' },
    { times: 'translated', 'part-layout': 'kept', 'refused-tags': 'kept', 'website-redirect': 'kept' },
  ])
})

test('what the rule leaves at the source is said not to be kept', () => {
  expect(kinds(minio, minio, { ...rule, objectLock: 'ignore', metadata: false })).toMatchObject({
    lock: 'not-kept',
    'shortened-retention': 'not-kept',
    tags: 'translated',
  })
})

test('what was found out of a site goes before what its kind of server does', () => {
  const other: KnownSite = { vendor: 'other', identity: 'mints', ordersByMtime: false }
  const told = { anyTagText: false, emptyMetadata: false, tellsParts: true }
  const asked = { ...rule, fidelity: { ...rule.fidelity, refusedTags: 'leave-out' } } as const
  const of = (site: KnownSite): readonly (string | undefined)[] => {
    const found = kinds(site, site, asked)
    return [found['refused-tags'], found['empty-metadata'], found['part-layout']]
  }
  expect(of(other)).toEqual(['unknown', 'unknown', 'unknown'])
  expect(of({ ...other, measured: told })).toEqual(['not-kept', 'not-kept', 'kept'])
  expect(of({ ...ceph, measured: { tellsParts: true } })).toEqual(['kept', 'kept', 'kept'])
})

test('an ACL is carried on request: to everyone where the target keeps one, to signed-in users between sites of one kind', () => {
  const carrying = { ...rule, fidelity: { ...rule.fidelity, acl: 'carry' } } as const
  const aws: KnownSite = { vendor: 'aws', identity: 'mints', ordersByMtime: false }
  const acls = (source: KnownSite, target: KnownSite, of: typeof rule = carrying): readonly (string | undefined)[] => {
    const of3 = kinds(source, target, of)
    return [of3['acl'], of3['acl-signed-in'], of3['acl-users']]
  }
  expect(acls(ceph, ceph, rule)).toEqual(['not-kept', 'not-kept', 'not-kept'])
  expect(acls(ceph, ceph)).toEqual(['kept', 'kept', 'not-kept'])
  // At AWS “signed in” is whoever has an account.
  expect(acls(ceph, aws)).toEqual(['kept', 'not-kept', 'not-kept'])
  expect(acls(ceph, minio)).toEqual(['not-kept', 'not-kept', 'not-kept'])
  expect(acls(ceph, null)).toEqual(['unknown', 'unknown', 'not-kept'])
})
