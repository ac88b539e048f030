import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { configTextInput } from '../../shared/api/inputs.ts'
import { ruleOf } from '../../shared/model/rule.ts'
import { customerKey, under, uploadUnder } from '../support/customer-key.ts'
import { untilParked } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const material = customerKey('the key of these tests')
const other = customerKey('another key')

const keyed = (...names: readonly string[]) => ({ fidelity: { sseCKeys: [...names] } })

test('an object under a customer’s key is copied under the same key, when the rule names it', async () => {
  const world = await startWorld({
    rules: [keyed('wrong', 'archive')],
    config: {
      sseCKeys: [
        { name: 'wrong', key: other.toString('hex') },
        { name: 'archive', key: material.toString('base64') },
      ],
    },
  })
  await world.put('sealed', 'words', { ...under(material), Metadata: { colour: 'blue' } })
  await world.put('open')
  await uploadUnder(world.s3.a, { Bucket: 'data', Key: 'large' }, material, [
    Buffer.alloc(5 << 20, 1),
    Buffer.alloc(100, 2),
  ])
  await world.settled()
  expect(await world.failures()).toEqual([])
  for (const key of ['sealed', 'large']) await onlyOpensWith(world.s3.b, key)
  const copy = await world.s3.b.send(new GetObjectCommand({ Bucket: 'data', Key: 'sealed', ...under(material) }))
  expect(await copy.Body?.transformToString()).toBe('words')
  expect(copy.Metadata).toMatchObject({ colour: 'blue' })
  const clear = await world.s3.b.send(new HeadObjectCommand({ Bucket: 'data', Key: 'open' }))
  expect(clear.SSECustomerAlgorithm).toBeUndefined()
  for (const level of ['attributes', 'bytes'] as const) expect(await compared(world, level)).toBe('equal')
  await leaksNothing(world)
})

test('without the fitting key nothing is stored, and the failure says which setting helps', async () => {
  const world = await startWorld({
    rules: [keyed('wrong')],
    config: { sseCKeys: [{ name: 'wrong', key: other.toString('base64') }] },
  })
  await world.settled()
  await world.put('sealed', 'words', under(material))
  const [row] = await untilParked(world, ['sealed'])
  expect(row!.fault).toMatchObject({ code: 'ENCRYPTION_KEY_NEEDED', retry: 'never' })
  expect(row!.fault.remedy).toContain('fidelity.sseCKeys')
  expect((await world.sides()).b).toEqual([])
  await world.api().sseCKeys.put({ name: 'archive', key: material.toString('hex') })
  const { rule } = ruleAnd(world)
  await world.api().rules.update({ ...rule, fidelity: { ...rule.fidelity, sseCKeys: ['wrong', 'archive'] } })
  await world.api().failures.retry({ seqs: [row!.seq] })
  await expect.poll(async () => (await world.failures()).length, { timeout: 20_000 }).toBe(0)
  await onlyOpensWith(world.s3.b, 'sealed')
  await leaksNothing(world)
})

test('keys are listed by their MD5, kept while a rule names them, and a rule names none that is not there', async () => {
  const world = await startWorld()
  const { sseCKeys, rules, config } = world.api()
  const { SSECustomerKeyMD5: md5 } = under(material)
  expect(await sseCKeys.put({ name: 'archive', key: material.toString('base64') })).toMatchObject({
    name: 'archive',
    md5,
  })
  const { rule } = ruleAnd(world)
  const naming = (name: string) => rules.update({ ...rule, fidelity: { ...rule.fidelity, sseCKeys: [name] } })
  await expect(naming('no-such')).rejects.toThrow(/There is no SSE-C key “no-such”/)
  await naming('archive')
  expect(sseCKeys.list()).toEqual([
    { name: 'archive', md5, from: 'console', isThere: true, usedByRules: ['r'], createdAt: expect.any(Number) },
  ])
  const line = await lineOf(world)
  expect(line).toMatchObject({ kind: 'kept' })
  expect(line.words).toContain('archive')
  await expect(sseCKeys.remove({ name: 'archive' })).rejects.toThrow(/r/)
  expect(config.export()).not.toContain(material.toString('base64'))
  await rules.update(rule)
  await sseCKeys.remove({ name: 'archive' })
  expect(sseCKeys.list()).toEqual([])
  expect((await lineOf(world)).kind).toBe('refused')
})

test('an import keeps keys for good; one that is no key is refused without being repeated', async () => {
  const world = await startWorld()
  const text = (key: string) =>
    configTextInput.parse({ text: JSON.stringify({ version: 1, sseCKeys: [{ name: 'k', key }] }) })
  const preview = world.api().config.preview(text(material.toString('base64')))
  expect(preview.changes).toEqual(['Set the SSE-C key k.'])
  const short = 'c2hvcnQgYnV0IHN0aWxsIHNlY3JldA=='
  const refused = await Promise.resolve()
    .then(() => world.api().config.apply(text(short)))
    .catch(String)
  expect(refused).toMatch(/sseCKeys.0.key: \(hidden\) – .*32 bytes/)
  await world.api().config.apply(text(material.toString('base64')))
  expect(world.api().sseCKeys.list()).toMatchObject([{ name: 'k', from: 'console' }])
  await leaksNothing(world)
})

function ruleAnd(world: World) {
  return { rule: ruleOf(world.api().rules.get({ id: 'r' })) }
}

async function lineOf(world: World) {
  const [link] = await world.api().rules.fidelity(ruleAnd(world).rule)
  return link!.lines.find(({ property }) => property === 'sse-c')!
}

async function onlyOpensWith(s3: S3Client, key: string): Promise<void> {
  const ref = { Bucket: 'data', Key: key }
  const status = (more: object) =>
    s3.send(new HeadObjectCommand({ ...ref, ...more })).then(
      ({ $metadata }) => $metadata.httpStatusCode,
      (error: { $metadata: { httpStatusCode: number } }) => error.$metadata.httpStatusCode,
    )
  expect(await status(under(material))).toBe(200)
  expect(await status(under(other))).toBe(403)
  expect(await status({})).toBe(400)
}

async function compared(world: World, level: 'attributes' | 'bytes'): Promise<string | null> {
  const { id } = await world.api().compare.start({ ruleId: 'r', prefix: '', level })
  await expect
    .poll(() => world.api().compare.report({ jobId: id })?.endedAt ?? null, { timeout: 20_000 })
    .not.toBeNull()
  const report = world.api().compare.report({ jobId: id })!
  expect(report.differences).toEqual([])
  return report.verdict
}

/** Neither the journal, the log, nor an answer of the API holds a key, however it is written. */
async function leaksNothing(world: World): Promise<void> {
  const api = world.api()
  const told = JSON.stringify([
    api.sseCKeys.list(),
    api.rules.list(),
    api.config.export(),
    api.diagnostics.get(),
    await world.failures(),
    await api.activity.list({ ruleId: null, level: null, before: null, limit: 500 }),
    api.settings.get(),
  ])
  const files = filesBelow(world.dataDir).map((file) => readFileSync(file))
  for (const key of [material, other])
    for (const spelt of [key.toString('base64'), key.toString('hex'), key.toString('latin1')]) {
      expect(told).not.toContain(spelt)
      expect(world.log.join('\n')).not.toContain(spelt)
      expect(files.some((bytes) => bytes.includes(Buffer.from(spelt, 'latin1')))).toBe(false)
    }
}

const filesBelow = (dir: string): readonly string[] =>
  readdirSync(dir).flatMap((name) => {
    const path = join(dir, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })
