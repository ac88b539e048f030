import { PutObjectCommand } from '@aws-sdk/client-s3'
import { describe, expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { head, putTags, tagsOf } from '../support/s3-acts.ts'
import { startWorld } from '../support/world.ts'

const manyTags = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`tag-${index}`, `value ${index}`]))

describe.each(['mints', 'adopts-minio'] as const)('at a target that %s', (identity) => {
  test('standard headers, user metadata and tags arrive as they were written', async () => {
    const world = await startWorld({ a: { identity }, b: { identity } })
    await world.put('headers', 'x', {
      ContentType: 'text/plain; charset=utf-8',
      CacheControl: 'max-age=60, private',
      ContentDisposition: `attachment; filename="report.txt"; filename*=UTF-8''%E2%82%AC.txt`,
      ContentEncoding: 'gzip',
      ContentLanguage: 'de, en',
      Expires: new Date('2031-05-06T07:08:09Z'),
      WebsiteRedirectLocation: '/elsewhere',
    })
    await world.put('no type', 'x', { ContentType: undefined })
    await world.put('metadata', 'x', {
      Metadata: {
        plain: 'value',
        'With-Dash': 'v',
        empty: '',
        spaces: 'a  b',
        tab: 'a\tb',
        tabs: 'a\t\tb',
        comma: 'a, b; c="d"',
        long: 'y'.repeat(1500),
      },
    })
    await world.put('encoded words', 'x', {
      Metadata: { title: '=?UTF-8?Q?=C3=A4=C3=B6=C3=BC?=', raw: 'äöü'.normalize() },
    })
    await world.put('tags', 'x', { Tagging: 'team=storage%20%26%20co&empty=&%C3%A4=%E4%B8%AD%E6%96%87&a%2Fb=c%3Dd' })
    await world.put('ten tags', 'x', { Tagging: new URLSearchParams(manyTags).toString() })
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(await tagsOf(world.s3.b, 'tags')).toEqual({ team: 'storage & co', empty: '', ä: '中文', 'a/b': 'c=d' })
    // With the object, not after it: a reader of the target never sees it without.
    expect(world.b.requests.count({ operation: 'PutObjectTagging' })).toBe(0)
  })

  test('tags changed later follow, on the current version and on older ones, to the last one removed', async () => {
    const world = await startWorld({ a: { identity }, b: { identity } })
    const first = await world.put('key', 'one', { Tagging: 'state=raw' })
    await world.put('key', 'two')
    await world.put('other', 'x', { Tagging: 'state=raw' })
    expect(await differencesOnceSettled(world)).toEqual([])
    await putTags(world.s3.a, 'key', { state: 'done', by: 'me' }, first)
    await putTags(world.s3.a, 'key', { fresh: 'yes' })
    await putTags(world.s3.a, 'other', {})
    await expect.poll(() => differencesOnceSettled(world), { timeout: 15_000 }).toEqual([])
    expect(await tagsOf(world.s3.b, 'other')).toEqual({})
  })
})

test('metadata that fills the limit leaves no room for the whole origin, and arrives all the same', async () => {
  const world = await startWorld()
  await world.put('full', 'x', { Metadata: { long: 'y'.repeat(1980) } })
  expect(await differencesOnceSettled(world)).toEqual([])
})

test('metadata that leaves no room at the target is listed with its remedy, and holds nothing else back', async () => {
  const world = await startWorld()
  await world.put('too full', 'x', { Metadata: { long: 'y'.repeat(2044) } })
  await world.put('small', 'x')
  await world.settled()
  expect((await world.failures()).map(({ key, state, fault }) => [key, state, fault.code])).toEqual([
    ['too full', 'parked', 'METADATA_OVER_LIMIT'],
  ])
  expect((await world.sides()).b).toHaveLength(1)
})

test('tags that change at the target are set right by the next change at the source', async () => {
  const world = await startWorld()
  await world.put('key', 'x', { Tagging: 'a=1' })
  await world.settled()
  await putTags(world.s3.b, 'key', { a: 'tampered' })
  await putTags(world.s3.a, 'key', { a: '2' })
  await expect.poll(() => differencesOnceSettled(world), { timeout: 15_000 }).toEqual([])
})

test('tags stay as they arrived under a rule that does not keep metadata in step', async () => {
  const world = await startWorld({ rules: [{ metadata: false }] })
  await world.put('key', 'x', { Tagging: 'a=1' })
  await world.settled()
  await putTags(world.s3.a, 'key', { a: '2' })
  await world.put('after', 'x')
  await world.settled()
  expect(await tagsOf(world.s3.b, 'key')).toEqual({ a: '1' })
})

test('the storage class is kept, or the one of the rule is taken', async () => {
  const world = await startWorld({
    buckets: ['data', 'kept'],
    rules: [
      { id: 'kept', source: { site: 'a', bucket: 'kept' }, targets: [{ site: 'b', bucket: 'kept' }] },
      { id: 'mapped', storageClass: 'ONEZONE_IA' },
    ],
  })
  await world.put('key', 'x', { StorageClass: 'STANDARD_IA' })
  await world.s3.a.send(new PutObjectCommand({ Bucket: 'kept', Key: 'key', Body: 'x', StorageClass: 'STANDARD_IA' }))
  await world.settled()
  const kept = await head(world.s3.b, 'key', undefined, 'kept')
  expect([(await head(world.s3.b, 'key')).StorageClass, kept.StorageClass]).toEqual(['ONEZONE_IA', 'STANDARD_IA'])
})

test('a storage class that the target does not know is dropped, unless the rule asks for it', async () => {
  const world = await startWorld({
    rules: [
      { filter: { prefix: 'free/' } },
      { id: 'strict', filter: { prefix: 'strict/' }, storageClass: 'NO_SUCH_CLASS' },
    ],
  })
  await world.put('strict/key', 'x')
  await world.settled()
  expect((await world.failures()).map(({ key, fault }) => [key, fault.code])).toEqual([
    ['strict/key', 'STORAGE_CLASS_UNKNOWN'],
  ])
})
