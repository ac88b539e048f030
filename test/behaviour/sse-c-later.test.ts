import { randomBytes } from 'node:crypto'
import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { ownersOfKeys } from '../../electron/secrets/vault-renewal.ts'
import { customerKey, under, uploadUnder } from '../support/customer-key.ts'
import { clientKey, gatewayConfig, gatewayUrl } from '../support/gateway.ts'
import { ruleOf } from '../support/rule-of.ts'
import { untilParked } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

const mib = 1024 * 1024
const key = customerKey('kept')
const sseCKeys = [{ name: 'kept', key: key.toString('base64') }]
const fidelity = { sseCKeys: ['kept'] }

const bytesAt = async (s3: S3Client, Key: string): Promise<Buffer> => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'data', Key, ...under(key) }))
  return Buffer.from(await Body!.transformToByteArray())
}

test(
  'a copy in parts under a client’s key goes on where it stood when the engine was stopped',
  { timeout: 120_000 },
  async () => {
    const world = await startWorld({
      stopped: true,
      rules: [{ fidelity, bandwidth: { bytesPerSecond: 2 * mib } }],
      config: { sseCKeys },
    })
    const parts = [randomBytes(6 * mib), randomBytes(6 * mib), randomBytes(6 * mib)]
    await uploadUnder(world.s3.a, { Bucket: 'data', Key: 'large' }, key, parts)
    await world.start()
    const sent = () => world.b.requests.list({ operation: 'UploadPart' }).filter(({ status }) => status === 200).length
    await expect.poll(sent, { timeout: 60_000, interval: 100 }).toBeGreaterThan(0)
    await world.stop()
    await world.start()
    await world.api().rules.update({ ...ruleOf(world), bandwidth: { bytesPerSecond: null } })
    await world.settled(60_000)
    expect(world.b.requests.list({ operation: 'CreateMultipartUpload' })).toHaveLength(1)
    expect((await bytesAt(world.s3.b, 'large')).equals(Buffer.concat(parts))).toBe(true)
  },
)

test('a key that went with the credentials is named as lost, and works again once it is entered', async () => {
  const world = await startWorld()
  await world.api().sseCKeys.put(sseCKeys[0]!)
  expect(ownersOfKeys(world.dataDir)).toContain('SSE-C key kept')
  await world.api().rules.update({ ...ruleOf(world), fidelity: { ...ruleOf(world).fidelity, ...fidelity } })
  await world.settled()
  await world.stop()
  // The engine gets other credentials, as after a vault was renewed.
  await world.start({ rules: [] })
  expect(world.api().sseCKeys.list()).toMatchObject([{ name: 'kept', isThere: false }])
  const told = () => world.api().activity.list({ ruleId: null, level: 'error', before: null, limit: 100 })
  await expect
    .poll(async () => (await told()).map(({ text }) => text))
    .toContainEqual(expect.stringMatching(/SSE-C key kept is lost: enter it again/))
  await world.put('sealed', 'words', under(key))
  const [row] = await untilParked(world, ['sealed'])
  expect(row!.fault).toMatchObject({ code: 'ENCRYPTION_KEY_NEEDED' })
  expect(row!.fault.message).toContain('Not at hand, and to be entered again: kept.')
  await world.api().sseCKeys.put(sseCKeys[0]!)
  await world.api().failures.retry({ seqs: [row!.seq] })
  await expect.poll(async () => (await world.failures()).length, { timeout: 20_000 }).toBe(0)
  expect((await bytesAt(world.s3.b, 'sealed')).toString()).toBe('words')
})

test('two rules that copy both ways under a client’s key send nothing back', async () => {
  const world = await startWorld({
    rules: [
      { fidelity },
      { id: 'back', source: { site: 'b', bucket: 'data' }, targets: [{ site: 'a', bucket: 'data' }], fidelity },
    ],
    config: { sseCKeys },
  })
  await world.put('from-a', 'one', under(key))
  await world.s3.b.send(new PutObjectCommand({ Bucket: 'data', Key: 'from-b', Body: 'two', ...under(key) }))
  await world.settled()
  expect(await world.failures()).toEqual([])
  for (const s3 of [world.s3.a, world.s3.b]) {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: 'data' }))
    expect(Versions.map(({ Key }) => Key)).toEqual(['from-a', 'from-b'])
    expect((await bytesAt(s3, 'from-a')).toString() + (await bytesAt(s3, 'from-b')).toString()).toBe('onetwo')
  }
})

test('through the gateway a write under a key that the rule names is answered when all have it', async () => {
  const world = await startWorld({
    rules: [{ fidelity, ack: { policy: 'all', timeoutMs: 30_000, onTimeout: 'fail' } }],
    config: { sseCKeys, gateway: gatewayConfig },
  })
  await world.settled()
  const client = clientOfGateway(world)
  const put = (more: object) =>
    client.send(new PutObjectCommand({ Bucket: 'data', Key: 'sealed', Body: 'words', ...more }))
  await expect(put(under(customerKey('of nobody here')))).rejects.toThrow(/does not name this key \(SSE-C\)/)
  await put(under(key))
  expect((await bytesAt(world.s3.b, 'sealed')).toString()).toBe('words')
  await world.put('open', 'clear')
  await world.settled()
  await client.send(new CopyObjectCommand({ Bucket: 'data', Key: 'copied', CopySource: 'data/open', ...under(key) }))
  expect((await bytesAt(world.s3.b, 'copied')).toString()).toBe('clear')
})

function clientOfGateway(world: World): S3Client {
  const client = new S3Client({
    endpoint: gatewayUrl(world.api()),
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { ...clientKey },
    maxAttempts: 1,
  })
  onTestFinished(() => client.destroy())
  return client
}
