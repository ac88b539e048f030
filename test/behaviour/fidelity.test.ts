import { createHash } from 'node:crypto'
import { HeadObjectCommand, PutObjectCommand, PutObjectRetentionCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { head, putParts, putTags, tagsOf } from '../support/s3-acts.ts'
import { ruleOf } from '../support/rule-of.ts'
import { untilParked } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const underKms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'source-key' } as const
const large = Buffer.alloc(3 * 1024 * 1024, 'x')
const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 1000 + days * 86_400) * 1000)

async function change(world: World, fidelity: Partial<ReturnType<typeof ruleOf>['fidelity']>): Promise<void> {
  const rule = ruleOf(world)
  await world.api().rules.update({ ...rule, fidelity: { ...rule.fidelity, ...fidelity } })
}

const verdict = async (world: World, property: string): Promise<string | undefined> =>
  (await world.api().rules.fidelity(ruleOf(world)))[0]?.lines.find((line) => line.property === property)?.kind

test('what a key service encrypts is not stored without a key that the rule names, and follows once it does', async () => {
  const world = await startWorld()
  await world.put('secret', 'small', underKms)
  await world.put('large secret', large, underKms)
  await world.put('open')
  const rows = await untilParked(world, ['large secret', 'secret'])
  expect(rows.map(({ fault }) => fault.code)).toEqual(['KMS_KEY_NEEDED', 'KMS_KEY_NEEDED'])
  expect((await world.sides()).b).toEqual([expect.stringMatching(/^open /)])
  expect([await verdict(world, 'sse-kms'), world.b.requests.count({ key: 'secret' })]).toEqual(['refused', 0])

  await change(world, { kmsKeyId: 'target-key' })
  await world
    .api()
    .failures.retry({ filter: { ruleId: null, linkId: null, state: null, code: null, operation: null, search: '' } })
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 20_000 }).toBe(3)
  for (const key of ['secret', 'large secret'])
    expect(await head(world.s3.b, key)).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'target-key' })
  expect(await verdict(world, 'sse-kms')).toBe('translated')
})

test('a tag that the target refuses has a code of its own, and the object goes without it when the rule says so', async () => {
  const world = await startWorld({ b: { tagText: 'ascii' } })
  await world.put('odd', 'x', { Tagging: 'team=a&note=%C3%A9%21' })
  await world.put('large odd', large, { Tagging: 'team=a&note=%C3%A9%21' })
  await world.put('plain', 'x', { Tagging: 'team=a' })
  const rows = await untilParked(world, ['large odd', 'odd'])
  expect(rows.map(({ fault }) => fault.code)).toEqual(['TAG_REFUSED', 'TAG_REFUSED'])
  expect(rows[0]!.fault.remedy).toMatch(/leave out/)

  await change(world, { refusedTags: 'leave-out' })
  await world.api().failures.retry({ seqs: rows.map(({ seq }) => seq) })
  await expect.poll(async () => (await world.sides()).b.length, { timeout: 20_000 }).toBe(3)
  await world.settled()
  for (const key of ['odd', 'large odd']) expect(await tagsOf(world.s3.b, key)).toEqual({ team: 'a' })
  // Tags that change later are held to the same.
  await putTags(world.s3.a, 'plain', { team: 'b', note: '日本' })
  await expect.poll(() => tagsOf(world.s3.b, 'plain'), { timeout: 20_000 }).toEqual({ team: 'b' })
  await world.settled()
  expect(await world.failures()).toEqual([])
})

test('a storage class that the target does not know is dropped, however large the object is', async () => {
  const world = await startWorld()
  for (const key of ['small', 'large', 'in parts'])
    world.b.faults.add({
      on: key === 'in parts' ? 'CreateMultipartUpload' : 'PutObject',
      key,
      times: 1,
      do: { kind: 'refuse', code: 'InvalidStorageClass' },
    })
  await world.put('small', 'x', { StorageClass: 'STANDARD_IA' })
  await world.put('large', large, { StorageClass: 'STANDARD_IA' })
  await putParts(world.s3.a, 'in parts', [100], { StorageClass: 'STANDARD_IA' })
  await world.settled()
  expect([await world.failures(), (await world.sides()).b.length]).toEqual([[], 3])
})

test('an archived object is listed with what has to be done at the source', async () => {
  const world = await startWorld()
  await world.put('cold', 'x', { StorageClass: 'GLACIER' })
  await world.put('large and cold', large, { StorageClass: 'DEEP_ARCHIVE' })
  const rows = await untilParked(world, ['cold', 'large and cold'])
  expect(rows.map(({ fault }) => [fault.code, fault.site, fault.retry])).toEqual([
    ['OBJECT_ARCHIVED', 'a', 'never'],
    ['OBJECT_ARCHIVED', 'a', 'never'],
  ])
  expect(rows[0]!.fault.remedy).toMatch(/Restore it at the source/)
})

test('a governance retention that was shortened at the source is shortened at the target only where the rule allows it', async () => {
  const world = await startWorld({ objectLock: true })
  await world.put('key', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(9) })
  await world.settled()
  await world.s3.a.send(
    new PutObjectRetentionCommand({
      Bucket: 'data',
      Key: 'key',
      BypassGovernanceRetention: true,
      Retention: { Mode: 'GOVERNANCE', RetainUntilDate: inDays(2) },
    }),
  )
  const [row] = await untilParked(world, ['key'])
  expect(row!.fault).toMatchObject({ code: 'OBJECT_LOCKED', remedy: expect.stringMatching(/if the rule allows it/) })
  await change(world, { shortenGovernance: true })
  await world.api().failures.retry({ seqs: [row!.seq] })
  const until = async (): Promise<number> => (await head(world.s3.b, 'key')).ObjectLockRetainUntilDate!.getTime()
  await expect.poll(until, { timeout: 20_000 }).toBeLessThan(inDays(3).getTime())
  expect(await verdict(world, 'shortened-retention')).toBe('kept')
})

test('a compliance retention is never shortened, whatever the rule allows', async () => {
  const world = await startWorld({ objectLock: true, rules: [{ fidelity: { shortenGovernance: true } }] })
  await world.s3.a.send(
    new PutObjectCommand({
      Bucket: 'data',
      Key: 'key',
      Body: 'x',
      ObjectLockMode: 'COMPLIANCE',
      ObjectLockRetainUntilDate: inDays(2),
    }),
  )
  await world.settled()
  const longer = { Mode: 'COMPLIANCE', RetainUntilDate: inDays(9) } as const
  await world.s3.b.send(new PutObjectRetentionCommand({ Bucket: 'data', Key: 'key', Retention: longer }))
  await putTags(world.s3.a, 'key', { touched: 'yes' })
  await expect.poll(() => tagsOf(world.s3.b, 'key'), { timeout: 20_000 }).toEqual({ touched: 'yes' })
  expect((await head(world.s3.b, 'key')).ObjectLockRetainUntilDate).toEqual(longer.RetainUntilDate)
})

test('what copies go without is counted per property, over a restart, in the API and the metrics', async () => {
  const world = await startWorld({
    b: { tagText: 'ascii' },
    objectLock: true,
    rules: [{ objectLock: 'ignore', fidelity: { refusedTags: 'leave-out' } }],
  })
  await world.put('encrypted', 'x', { ServerSideEncryption: 'AES256' })
  await world.put('encrypted too', large, { ServerSideEncryption: 'AES256' })
  await putParts(world.s3.a, 'encrypted in parts', [100], { ServerSideEncryption: 'AES256' })
  await world.put('tagged', 'x', { Tagging: 'note=%21' })
  await world.put('locked', 'x', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: inDays(1) })
  await world.put('plain')
  await world.settled()
  const counts = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (await world.api().rules.fidelity(ruleOf(world)))[0]!.lines.flatMap(({ property, notKeptCount }) =>
        notKeptCount ? [[property, notKeptCount]] : [],
      ),
    )
  const wanted = { 'sse-s3': 3, 'refused-tags': 1, lock: 1 }
  expect(await counts()).toEqual(wanted)
  // Looked at again, nothing is copied and nothing counts.
  world.api().rules.resync({ ruleId: 'r', prefix: '' })
  await world.settled()
  await world.stop()
  await world.start()
  expect(await counts()).toEqual(wanted)
  expect(await world.api().metrics.text()).toMatch(/lockstep_link_not_kept_total\{.*property="sse-s3"\} 3\n/)
})

test('an additional checksum comes along with the object', async () => {
  const world = await startWorld()
  const sum = createHash('sha256').update('x').digest('base64')
  await world.put('summed', 'x', { ChecksumSHA256: sum })
  await world.settled()
  const there = await world.s3.b.send(new HeadObjectCommand({ Bucket: 'data', Key: 'summed', ChecksumMode: 'ENABLED' }))
  expect([there.ChecksumSHA256, await verdict(world, 'checksum')]).toEqual([sum, 'kept'])
  const lines = (await world.api().rules.fidelity(ruleOf(world)))[0]!.lines
  expect(lines.filter(({ notKeptCount }) => notKeptCount !== 0)).toEqual([])
})
