import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { compareInput } from '../../shared/api/inputs.ts'
import type { CompareReport } from '../../shared/model/compare.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { createBucket, startWorld, type World } from '../support/world.ts'

async function compare(world: World): Promise<CompareReport> {
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r' }))
  const report = (): CompareReport | null => world.api().compare.report({ jobId: id })
  await expect.poll(() => report()?.endedAt ?? null, { timeout: 60_000 }).not.toBeNull()
  return report()!
}

const markersOf = ({ differences }: CompareReport): readonly string[] =>
  differences
    .filter(({ kind, detail }) => kind === 'extra-at-target' && detail.startsWith('Delete marker'))
    .map(({ key }) => key)

const atTarget = async (world: World, key: string): Promise<string> =>
  (await versionsOf({ site: world.b, bucket: 'data' }, key)).map(({ kind }) => kind).join(' ')

describe.each([
  ['mints', false],
  ['mints', true],
  ['adopts-minio', false],
  ['adopts-minio', true],
] as const)('a source without versions, at a target that %s, versionDeletes %s', (identity, versionDeletes) => {
  test('the markers of its deletes are an exception, also below what came back; one over an object that it has is not', async () => {
    const sites = { a: { identity }, b: { identity } } as const
    const world = await startWorld({ ...sites, buckets: [], stopped: true, rules: [{ versionDeletes }] })
    await world.s3.a.send(new CreateBucketCommand({ Bucket: 'data' }))
    await createBucket(world.s3.b, 'data')
    await world.start()
    for (const key of ['kept', 'gone', 'back', 'foreign']) await world.put(key, 'first')
    await world.settled()
    for (const key of ['gone', 'back']) await remove(world.s3.a, key)
    for (const key of ['gone', 'back'])
      await expect.poll(() => atTarget(world, key), { timeout: 15_000 }).toMatch(/^marker/)
    await world.put('back', 'once more')
    await expect.poll(() => atTarget(world, 'back'), { timeout: 15_000 }).toMatch(/^object/)
    await world.settled()
    await world.api().rules.pause({ id: 'r' })
    const atRest = await compare(world)
    expect(markersOf(atRest)).toEqual([])
    expect(atRest.exceptions.find(({ kind }) => kind === 'markers-of-deletes')?.count).toBe(2)
    // Over an object that the source still has.
    await remove(world.s3.b, 'foreign')
    const covered = await compare(world)
    expect([covered.verdict, markersOf(covered)]).toEqual(['different', ['foreign']])
  })
})
