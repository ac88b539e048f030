import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { compareInput } from '../../shared/api/inputs.ts'
import type { CompareLevel, CompareReport } from '../../shared/model/compare.ts'
import { remove, versionsOf } from '../support/s3-acts.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

async function compare(world: World, level: CompareLevel = 'listing'): Promise<CompareReport> {
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r', level }))
  const report = (): CompareReport | null => world.api().compare.report({ jobId: id })
  await expect.poll(() => report()?.endedAt ?? null, { timeout: 60_000 }).not.toBeNull()
  return report()!
}

/** In step, then paused, so that what is planted stays. */
async function worldAtRest(options: WorldOptions, keys: readonly string[]): Promise<World> {
  const world = await startWorld(options)
  for (const key of keys) await world.put(key, 'one', { Metadata: { a: '1' }, Tagging: 'a=1' })
  await world.settled(30_000)
  await world.api().rules.pause({ id: 'r' })
  return world
}

const exceptionsOf = ({ exceptions }: CompareReport): Record<string, number> =>
  Object.fromEntries(exceptions.map(({ kind, count }) => [kind, count]))

test('a version that cannot be asked for is named, and the rest is compared', async () => {
  const world = await worldAtRest({}, ['a', 'b', 'c'])
  world.b.faults.add({ on: ['HeadObject', 'GetObject'], key: 'b', do: { kind: 'deny' } })
  const report = await compare(world, 'attributes')
  expect(report).toMatchObject({
    verdict: 'unknown',
    keys: 3,
    differences: [],
    fault: null,
    notSeen: { count: 1, items: [{ key: 'b', fault: { code: 'ACCESS_DENIED', site: 'b' } }] },
  })
  expect(report.statement).toContain('Could not tell: 1 version or key of 3 keys')
})

test('a version that cannot be asked for while a page is under way ends nothing', async () => {
  const world = await startWorld({ rules: [{ filter: { exclude: ['z*'] } }] })
  await Promise.all(Array.from({ length: 10 }, (_, index) => world.put(`a${index}`)))
  await Promise.all(Array.from({ length: 1010 }, (_, index) => world.put(`z${index}`)))
  await world.settled(60_000)
  await world.api().rules.pause({ id: 'r' })
  world.b.faults.add({ on: ['HeadObject', 'GetObject'], key: 'a3', do: { kind: 'deny' } })
  world.a.faults.add({ on: 'ListObjectVersions', after: 1, times: 1, do: { kind: 'latency', delayMs: 2000 } })
  const report = await compare(world, 'attributes')
  expect(report).toMatchObject({ verdict: 'unknown', keys: 10, notSeen: { count: 1 } })
  expect(exceptionsOf(report)).toEqual({ 'outside-filter': 1010 })
}, 120_000)

test('a listing that nobody could check is told as such beside the verdict', async () => {
  const world = await startWorld({ rules: [{ filter: { exclude: ['z*'] } }] })
  await Promise.all(Array.from({ length: 1010 }, (_, index) => world.put(`z${index}`)))
  await world.put('a')
  await world.settled(60_000)
  expect((await compare(world)).unchecked).toEqual([])
  world.a.faults.add({ on: 'ListObjectsV2', do: { kind: 'deny' } })
  const report = await compare(world)
  expect(report).toMatchObject({ verdict: 'equal', unchecked: [{ site: 'a', bucket: 'data' }] })
  expect(report.statement).toContain('nobody could check that the listing of a/data leaves nothing out')
}, 120_000)

test('tags that may not be read are not taken for equal', async () => {
  const world = await worldAtRest({}, ['a', 'b'])
  world.b.faults.add({ on: 'GetObjectTagging', key: 'b', do: { kind: 'deny' } })
  expect(await compare(world, 'attributes')).toMatchObject({ verdict: 'unknown', notSeen: { items: [{ key: 'b' }] } })
})

test.each(['mints', 'adopts-minio'] as const)(
  'a stray key at a target that %s is found under every rule',
  async (identity) => {
    const world = await worldAtRest({ a: { identity }, b: { identity } }, ['a'])
    await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'stray', Body: 'x' }))
    expect(await compare(world)).toMatchObject({
      verdict: 'different',
      differsBy: 'listing',
      differences: [{ kind: 'extra-at-target', key: 'stray', linkId: 'r/b/data' }],
    })
  },
)

test.each(['mints', 'adopts-minio'] as const)(
  'a replica whose original was deleted for good is an exception at a target that %s, and hides no stray version',
  async (identity) => {
    const world = await startWorld({ a: { identity }, b: { identity } })
    const first = await world.put('k', 'one')
    const second = await world.put('k', 'two')
    await world.put('gone', 'x').then((versionId) => world.settled().then(() => remove(world.s3.a, 'gone', versionId)))
    await remove(world.s3.a, 'k', second)
    await world.settled()
    await world.api().rules.pause({ id: 'r' })
    const report = await compare(world)
    expect([report.verdict, exceptionsOf(report)]).toEqual(['equal', { 'deletes-not-carried': 2 }])
    await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'stray' }))
    expect(await compare(world)).toMatchObject({ verdict: 'different', differenceCount: 2 })
    expect(first).not.toBe(second)
  },
)

test('what the rule leaves out is counted by its reason', async () => {
  const world = await startWorld({
    rules: [{ deleteMarkers: false, filter: { tags: { a: '1' }, exclude: ['**/skip'] } }],
  })
  await world.put('kept', 'x', { Tagging: 'a=1' })
  await world.put('other', 'x', { Tagging: 'a=2' })
  await world.put('deep/skip', 'x', { Tagging: 'a=1' })
  await remove(world.s3.a, 'kept')
  await world.settled()
  await world.api().rules.pause({ id: 'r' })
  const report = await compare(world)
  expect(report).toMatchObject({ verdict: 'equal', differences: [] })
  expect(exceptionsOf(report)).toEqual({ 'outside-filter': 1, 'markers-not-carried': 1, 'other-tags': 1 })
})

test('of what lies beside probes of Lockstep only the probes are left out, and told; the rest is a client’s', async () => {
  const probe = '.lockstep-canary/1d7f4a52-9c1b-4d0e-8a53-0a6c2f1b7e90'
  const others = ['.lockstep-canary/notes', '.lockstep-canary/trailer-notes', `${probe}-around-us`, `${probe}/x`]
  const world = await startWorld()
  for (const key of [probe, `${probe}-around.b`, `${probe}-around/b`, ...others]) await world.put(key)
  await remove(world.s3.a, '.lockstep-canary/notes')
  await world.settled()
  await world.api().rules.pause({ id: 'r' })
  const { Contents = [] } = await world.s3.b.send(new ListObjectsV2Command({ Bucket: 'data' }))
  expect(Contents.map(({ Key }) => Key)).toEqual(others.slice(1).toSorted())
  const report = await compare(world)
  expect(report).toMatchObject({ verdict: 'equal', keys: 4, versions: 5 })
  expect(exceptionsOf(report)).toEqual({ canary: 3 })
})

test('wrong bytes under an equal ETag are found by bytes, and by that level alone', async () => {
  const world = await worldAtRest({}, ['a', 'b'])
  expect(await compare(world, 'bytes')).toMatchObject({ verdict: 'equal', bytesRead: { versions: 2, sizeBytes: 6 } })
  world.b.faults.add({ on: 'GetObject', key: 'b', do: { kind: 'flip-byte', at: 1 } })
  expect(await compare(world, 'attributes')).toMatchObject({ verdict: 'equal', bytesRead: null })
  expect(await compare(world, 'bytes')).toMatchObject({
    verdict: 'different',
    differsBy: 'bytes',
    differences: [{ kind: 'bytes', key: 'b' }],
  })
})

test('what waits in the queue is on its way, with its age; what only lies there is different', async () => {
  const world = await worldAtRest({}, ['a', 'b'])
  const before = Date.now()
  await world.put('new', 'x')
  await world.put('a', 'newer')
  await expect.poll(() => world.link().backlogCount, { timeout: 20_000 }).toBe(2)
  const report = await compare(world)
  expect(report).toMatchObject({ verdict: 'on-its-way', differences: [], onItsWay: { count: 2 } })
  expect(report.onItsWay.oldestSince).toBeGreaterThan(before - 2000)
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'a', Body: 'stray' }))
  expect(await compare(world)).toMatchObject({
    verdict: 'different',
    differences: [{ kind: 'extra-at-target', key: 'a' }],
    onItsWay: { count: 2 },
  })
})

test('what a copy brought since the listing is no difference', async () => {
  const world = await startWorld({})
  await world.put('a', 'one')
  await world.settled()
  // The target answers its first page late, after the source was listed, so that the copy comes in between or before.
  world.b.faults.add({ on: 'ListObjectVersions', times: 1, do: { kind: 'latency', delayMs: 500 } })
  const compared = compare(world)
  await world.put('b', 'two')
  const report = await compared
  expect(report.differences).toEqual([])
  await world.settled()
  expect(await compare(world)).toMatchObject({ verdict: 'equal', keys: 2 })
})

test('the transfer’s own coding and an empty type are no difference', async () => {
  const world = await startWorld({})
  await world.put('chunked', 'x', { ContentEncoding: 'aws-chunked' })
  await world.put('zipped', 'x', { ContentEncoding: 'gzip,aws-chunked' })
  await world.put('untyped', 'x', { ContentType: '' })
  await world.settled()
  expect(await compare(world, 'attributes')).toMatchObject({ verdict: 'equal', differences: [] })
})

test('a prefix outside of the rule is refused, and names no key equal', async () => {
  const world = await startWorld({ rules: [{ filter: { prefix: 'in/' } }] })
  await world.put('in/a', 'x')
  await world.put('out', 'x')
  await world.settled()
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r', prefix: 'out' }))
  await expect.poll(() => world.api().compare.report({ jobId: id })?.fault?.code).toBe('CONFIG_INVALID')
  expect(world.api().compare.report({ jobId: id })?.verdict).toBe('unknown')
})

test('each level tells what it costs before it starts', async () => {
  const world = await startWorld({ stopped: true })
  await world.put('a', 'four')
  await world.put('b', 'sixsix')
  await world.start()
  await world.settled()
  const costs = await world.api().compare.cost({ ruleId: 'r', prefix: '' })
  expect(costs.map(({ level, requests, readBytes }) => [level, requests, readBytes])).toEqual([
    ['listing', 2, 0],
    ['attributes', 14, 0],
    ['bytes', 18, 20],
  ])
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r', level: 'bytes' }))
  expect(world.api().compare.report({ jobId: id })?.cost).toEqual(costs[2])
})

test('what one look cannot see does not hide what another finds', async () => {
  const world = await worldAtRest({}, ['a', 'b'])
  world.b.faults.add({ on: 'GetObjectTagging', do: { kind: 'deny' } })
  world.b.faults.add({ on: 'GetObject', key: 'b', do: { kind: 'flip-byte', at: 1 } })
  expect(await compare(world, 'bytes')).toMatchObject({
    verdict: 'different',
    differences: [{ kind: 'bytes', key: 'b' }],
    notSeen: { count: 2 },
  })
})

test('a site that goes away ends the comparison, and it could not tell', async () => {
  const world = await worldAtRest(
    {},
    Array.from({ length: 80 }, (_, index) => `k${index}`),
  )
  world.b.faults.add({ on: ['HeadObject', 'GetObject'], do: { kind: 'reset' } })
  expect(await compare(world, 'attributes')).toMatchObject({ verdict: 'unknown', fault: { code: 'CONNECTION_LOST' } })
})

test('of an opposite pair, what waits for the way back is on its way', async () => {
  const back = { id: 'back', source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }] }
  const world = await startWorld({ rules: [{}, back] })
  await world.put('a', 'one')
  await world.settled()
  expect(await compare(world)).toMatchObject({ verdict: 'equal' })
  await world.api().rules.pause({ id: 'back' })
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'b', Body: 'two' }))
  await expect.poll(() => world.link('back').backlogCount, { timeout: 20_000 }).toBe(1)
  expect(await compare(world)).toMatchObject({
    verdict: 'on-its-way',
    onItsWay: { items: [{ kind: 'extra-at-target', key: 'b' }] },
  })
})

test('what another rule brought to the same target is an exception, and a stray key beside it is not', async () => {
  const other = { id: 'other', source: { site: 'a', bucket: 'more' }, filter: { prefix: 'more/' } }
  const world = await startWorld({ buckets: ['data', 'more'], rules: [{}, other] })
  await world.put('a', 'one')
  await world.s3.a.send(new PutObjectCommand({ Bucket: 'more', Key: 'more/b', Body: 'two' }))
  await world.settled()
  const report = await compare(world)
  expect([report.verdict, exceptionsOf(report)]).toEqual(['equal', { 'of-another-rule': 1 }])
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'more/stray', Body: 'x' }))
  expect(await compare(world)).toMatchObject({ verdict: 'different', differenceCount: 1 })
})

test('what the copy does not keep by its fidelity is an exception with its count; what it does keep is a difference', async () => {
  const world = await startWorld({})
  await world.put('clear', 'x')
  await world.put('encrypted', 'x', { ServerSideEncryption: 'AES256' })
  await world.put('cold', 'x', { StorageClass: 'STANDARD_IA' })
  await world.settled()
  await world.api().rules.pause({ id: 'r' })
  const report = await compare(world, 'attributes')
  expect([report.verdict, exceptionsOf(report)]).toEqual(['equal', { 'sse-s3': 1 }])
  expect(report.statement).toContain('1 exception on purpose')
  const [latest] = await versionsOf({ site: world.b, bucket: 'data' }, 'clear')
  await world.s3.b.send(
    new PutObjectCommand({
      Bucket: 'data',
      Key: 'clear',
      Body: 'x',
      StorageClass: 'STANDARD_IA',
      Metadata: { b: '1' },
    }),
  )
  await remove(world.s3.b, 'clear', latest!.versionId)
  expect(await compare(world, 'attributes')).toMatchObject({ verdict: 'different', differsBy: 'attributes' })
})

test('where nobody may say whether there are locks, silence is not taken for none', async () => {
  const world = await worldAtRest({ objectLock: true }, ['a'])
  expect(await compare(world, 'attributes')).toMatchObject({ verdict: 'equal' })
  const denied = ['GetObjectLockConfiguration', 'GetObjectRetention', 'GetObjectLegalHold'] as const
  world.b.faults.add({ on: denied, do: { kind: 'deny' } })
  expect(await compare(world, 'attributes')).toMatchObject({
    verdict: 'unknown',
    notSeen: { count: 1, items: [{ key: 'a', fault: { code: 'ACCESS_DENIED', site: 'b' } }] },
  })
})

test('a target that cannot be compared does not hide what another target of the rule lacks', async () => {
  const targets = [
    { site: 'b', bucket: 'data' },
    { site: 'b', bucket: 'more' },
  ]
  const world = await startWorld({ buckets: ['data', 'more'], rules: [{ targets }] })
  await world.put('a', 'one')
  await world.settled()
  await world.api().rules.pause({ id: 'r' })
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'more', Key: 'stray', Body: 'x' }))
  world.b.faults.add({ on: 'ListObjectVersions', bucket: 'data', do: { kind: 'deny' } })
  const report = await compare(world)
  expect(report).toMatchObject({
    verdict: 'different',
    differences: [{ linkId: 'r/b/more', key: 'stray' }],
    fault: { code: 'ACCESS_DENIED' },
  })
  expect(report.statement).toContain('it ended before its end (ACCESS_DENIED)')
})

test.each(['mints', 'adopts-minio'] as const)(
  'a version deleted for good is on its way to a target that %s until a scan had its turn',
  async (identity) => {
    const rules = [{ versionDeletes: true, scanIntervalSeconds: 3600 }]
    const world = await startWorld({ a: { identity }, b: { identity }, rules })
    const first = await world.put('k', 'one')
    await world.put('k', 'two')
    await world.settled()
    // Where an event tells of it at once, its task waits for the target.
    const slow = world.b.faults.add({ on: 'DeleteObject', do: { kind: 'slow-down' } })
    await remove(world.s3.a, 'k', first)
    const report = await compare(world)
    slow.remove()
    expect(report).toMatchObject({ differences: [], onItsWay: { items: [{ kind: 'extra-at-target', key: 'k' }] } })
    expect(report.verdict).toBe('on-its-way')
    await world.settled()
    expect(await compare(world)).toMatchObject({ verdict: 'equal' })
  },
)

test('a bucket that is written to all the time is never called different', async () => {
  const world = await startWorld({})
  await world.put('k0', 'first')
  await world.settled()
  const stop = new AbortController()
  const writer = (async () => {
    for (let count = 0; !stop.signal.aborted; count++) {
      await world.put(`k${count % 5}`, `content ${count}`, { Tagging: `n=${count % 3}` })
      if (count % 7 === 0) await remove(world.s3.a, `k${count % 5}`)
    }
  })()
  const reports: CompareReport[] = []
  for (const level of ['listing', 'attributes', 'bytes', 'listing'] as const) reports.push(await compare(world, level))
  stop.abort()
  await writer
  expect(reports.flatMap(({ differences }) => differences)).toEqual([])
  expect(reports.map(({ verdict }) => ['equal', 'on-its-way'].includes(verdict))).toEqual([true, true, true, true])
  await world.settled(60_000)
  expect(await compare(world, 'bytes')).toMatchObject({ verdict: 'equal' })
}, 120_000)
