import { expect, test } from 'vitest'
import { gatewayKeyInput } from '../../shared/api/inputs.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { ClientKeys } from '../../electron/engine/gateway/client-keys.ts'
import { MemoryRecords } from '../support/memory-records.ts'

const now = Date.UTC(2026, 10, 26)

/** Client keys over records and secrets that lie there already. */
async function keysOver(records: Readonly<Record<string, unknown>>) {
  const kept = new MemoryRecords()
  const credentials = memoryCredentials()
  for (const [name, record] of Object.entries(records)) {
    await kept.write(name, record)
    await credentials.set(name, { accessKeyId: name.slice('gateway-key/'.length), secretAccessKey: 'kept-secret' })
  }
  const keys = new ClientKeys({
    records: kept,
    credentials,
    environment: {},
    randomBytes: (size) => new Uint8Array(size),
    now: () => now,
  })
  await keys.load()
  return { keys, kept }
}

test('a key that an older version kept has the rights that its access meant', async () => {
  const old = (accessKeyId: string, access: string) => ({
    accessKeyId,
    access,
    label: 'x',
    buckets: ['data'],
    createdAt: 1,
  })
  const { keys } = await keysOver({
    'gateway-key/READS': old('READS', 'read'),
    'gateway-key/WRITES': old('WRITES', 'readWrite'),
  })
  const place = { buckets: ['data'], prefixes: [], expiresAt: null }
  expect(keys.list()).toMatchObject([
    { accessKeyId: 'READS', rights: ['read'], ...place },
    { accessKeyId: 'WRITES', rights: ['read', 'write', 'delete', 'tags'], ...place },
  ])
})

test('what a key may is kept and read again as it was given', async () => {
  const { keys, kept } = await keysOver({})
  const grant = { rights: ['read', 'tags'], buckets: ['data'], prefixes: ['2026/'], expiresAt: now + 1000 }
  const { secretAccessKey: _secret, ...made } = await keys.create(gatewayKeyInput.parse({ label: 'x', ...grant }))
  expect(made).toMatchObject(grant)
  expect((await keysOver(Object.fromEntries(await kept.all('')))).keys.list()).toEqual([made])
})

test('no key is made that would be refused at once', async () => {
  const { keys, kept } = await keysOver({})
  const past = gatewayKeyInput.parse({ label: 'x', rights: ['read'], expiresAt: now })
  await expect(keys.create(past)).rejects.toMatchObject({ fault: { code: 'CONFIG_INVALID' } })
  expect((await kept.all('')).size).toBe(0)
})
