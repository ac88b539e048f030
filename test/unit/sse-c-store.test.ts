import { expect, test } from 'vitest'
import { FaultError, type Fault } from '../../shared/model/fault.ts'
import { siteSchema } from '../../shared/model/site.ts'
import type { NewVersion, SseCKey } from '../../electron/engine/store/port.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { withSseCKeys } from '../../electron/engine/store/with-sse-c-keys.ts'
import { customerKey, under } from '../support/customer-key.ts'
import { scriptedSite, type ScriptedAnswer } from '../support/scripted-site.ts'

const bytes = customerKey('of the store')
const key: SseCKey = { name: 'k', key: bytes.toString('base64'), md5: under(bytes).SSECustomerKeyMD5 }

const version = (sseCKeyMd5: string | undefined): NewVersion => ({
  bucket: 'data',
  key: 'k',
  content: {},
  metadata: {},
  tags: {},
  lock: null,
  storageClass: null,
  identity: null,
  sseCKeyMd5,
})
const body = { sizeBytes: 1, body: Buffer.from('x') }

function storeAt(endpoint: string, keys: readonly SseCKey[] = [key]) {
  const site = siteSchema.parse({ id: 's', name: 'S', endpoint })
  const store = createStore({ site, keys: { accessKeyId: 'ACCESS.KEY', secretAccessKey: 'its+secret' }, sockets: 2 })
  return withSseCKeys(store, ['k'], keys)
}

async function faultIn(act: Promise<unknown>): Promise<Fault> {
  const met = await act.catch((error: unknown) => error)
  if (met instanceof FaultError) return met.fault
  throw new Error('It was not refused.', { cause: met })
}

const site = (answer: (method: string | undefined) => ScriptedAnswer) => scriptedSite(({ method }) => answer(method))

test('what a target stored without the key that it was given is removed again, and refused by name', async () => {
  const { endpoint, asked } = await site((method) =>
    method === 'PUT' ? { headers: { etag: '"x"', 'x-amz-version-id': 'v1' } } : { status: 204 },
  )
  const met = await faultIn(storeAt(endpoint).put(version(key.md5), body))
  expect(met).toMatchObject({ code: 'ENCRYPTION_KEY_IGNORED', retry: 'never' })
  expect(met.message).toContain('removed again')
  expect(asked.at(-1)).toBe('DELETE /data/k?versionId=v1')
})

test('nothing leaves that is to be under a key which is not at hand', async () => {
  const { endpoint, asked } = await site(() => ({}))
  expect(await faultIn(storeAt(endpoint, []).put(version(key.md5), body))).toMatchObject({
    code: 'ENCRYPTION_KEY_NEEDED',
  })
  expect(asked).toEqual([])
})

test('a key leaves this machine over TLS alone', async () => {
  const far = storeAt('http://s3.example.test:9000')
  expect(await faultIn(far.put(version(key.md5), body))).toMatchObject({ code: 'ENCRYPTION_KEY_NEEDS_TLS' })
})

test('a site that repeats the key in its refusal does not bring it into a message', async () => {
  const spelt = [key.key, bytes.toString('hex')]
  const { endpoint } = await site(() => ({
    status: 400,
    body: `<Error><Code>InvalidArgument</Code><Message>bad key ${spelt.join(' and ')}</Message></Error>`,
  }))
  const met = await faultIn(storeAt(endpoint).put(version(key.md5), body))
  for (const text of spelt) expect(JSON.stringify(met)).not.toContain(text)
})
