import { createRequire } from 'node:module'
import { expect, onTestFinished, test } from 'vitest'
import { startEngine } from '../../electron/engine/engine.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'

const { cache } = createRequire(import.meta.url)
const isLoaded = (): boolean => Object.keys(cache).some((file) => /[\\/]@aws-sdk[\\/]client-s3[\\/]/.test(file))

test('the engine is loaded without the SDK, which comes with the first question about a bucket', async () => {
  expect([typeof startEngine, isLoaded()]).toEqual(['function', false])
  const site = {
    id: 'away',
    name: 'Away',
    endpoint: 'http://127.0.0.1:1',
    region: 'eu-test-1',
    pathStyle: true,
    tls: { insecureSkipVerify: false },
  }
  const store = createStore({ site, keys: { accessKeyId: 'key', secretAccessKey: 'secret' }, sockets: 1 })
  onTestFinished(() => store.close())
  await expect(store.listBuckets()).rejects.toMatchObject({ fault: { code: 'CONNECT_REFUSED' } })
  expect(isLoaded()).toBe(true)
})
