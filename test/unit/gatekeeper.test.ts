import { expect, test } from 'vitest'
import type { ClientKey } from '../../electron/engine/gateway/client-keys.ts'
import { Gatekeeper } from '../../electron/engine/gateway/gatekeeper.ts'
import { Query } from '../../electron/engine/s3/query.ts'
import type { S3Call } from '../../electron/engine/gateway/protocol/read-call.ts'

const call: S3Call = {
  operation: 'GetObject',
  method: 'GET',
  bucket: 'data',
  key: 'k',
  query: new Query([]),
  headers: {},
  needs: ['read'],
  copySource: null,
  mostBodyBytes: 0,
}
const key: ClientKey = {
  accessKeyId: 'CLIENT',
  secretAccessKey: 'secret',
  label: '',
  from: 'console',
  createdAt: 0,
  lastUsedAt: null,
  rights: ['read'],
  buckets: [],
  prefixes: [],
  expiresAt: 1000,
}

test('a key works until the instant at which it expires, and no longer', () => {
  const gatekeeper = new Gatekeeper(() => key)
  expect(gatekeeper.admit('CLIENT', call, 999)).toBe(key)
  expect(() => gatekeeper.admit('CLIENT', call, 1000)).toThrow('This access key expired at 1970-01-01T00:00:01.000Z.')
})

test('an answer without an end goes on while its key is as it was: not expired, not revoked, not replaced', () => {
  let found: ClientKey | undefined = key
  const gatekeeper = new Gatekeeper(() => found)
  const still = (now: number) => gatekeeper.stillAdmits(key, now)
  expect([still(999), still(1000)]).toEqual([true, false])
  found = { ...key, rights: [] }
  expect(still(0)).toBe(false)
  found = undefined
  expect(still(0)).toBe(false)
})
