import { describe, expect, onTestFinished, test } from 'vitest'
import { FaultError } from '../../shared/model/fault.ts'
import type { ObjectStore } from '../../electron/engine/store/port.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { plainVersion } from '../support/new-version.ts'
import { scriptedSite, type ScriptedAnswer } from '../support/scripted-site.ts'

const ref = { bucket: 'b', key: 'k' }
const upload = { ...ref, uploadId: 'u' }
const plain = plainVersion('b', 'k')
const two = Buffer.from('hi')

/** All that a store asks a site. A ping takes any answer as a sign of life. */
type Asked = Exclude<keyof ObjectStore, 'ping' | 'listingForm' | 'resize' | 'retire' | 'close'>
const operations: Readonly<Record<Asked, (store: ObjectStore) => Promise<unknown>>> = {
  get: (store) => store.get(ref),
  head: (store) => store.head(ref),
  presence: (store) => store.presence(ref),
  put: (store) => store.put(plain, { sizeBytes: 2, body: two }),
  createUpload: (store) => store.createUpload(plain),
  uploadPart: (store) => store.uploadPart(upload, 1, { sizeBytes: 2, body: two }),
  completeUpload: (store) => store.completeUpload(upload, [{ partNumber: 1, etag: 'e', sizeBytes: 2 }], null, 2),
  abortUpload: (store) => store.abortUpload(upload),
  listParts: (store) => store.listParts(upload),
  writeDeleteMarker: (store) => store.writeDeleteMarker(ref, null),
  deleteVersion: (store) => store.deleteVersion({ ...ref, versionId: 'v' }, null),
  getTags: (store) => store.getTags(ref),
  putTags: (store) => store.putTags(ref, { a: '1' }),
  getAcl: (store) => store.getAcl(ref),
  putAcl: (store) => store.putAcl(ref, { ownerId: 'me', grants: [] }),
  getLock: (store) => store.getLock(ref),
  putLock: (store) => store.putLock(ref, { mode: null, retainUntil: null, legalHold: true }),
  listVersions: (store) => store.listVersions({ bucket: 'b', prefix: '' }),
  listBuckets: (store) => store.listBuckets(),
  bucketDates: (store) => store.bucketDates(),
  bucket: (store) => store.bucket('b'),
  createBucket: (store) => store.createBucket('b', { objectLock: false }),
  enableVersioning: (store) => store.enableVersioning('b'),
  nativeReplication: (store) => store.nativeReplication('b'),
}

async function storeAt(answer: ScriptedAnswer): Promise<ObjectStore> {
  const { endpoint } = await scriptedSite(() => answer)
  const site = {
    id: 's',
    name: 'S',
    endpoint,
    region: 'us-east-1',
    pathStyle: true,
    tls: { insecureSkipVerify: false },
  }
  const store = createStore({ site, keys: { accessKeyId: 'AKEY', secretAccessKey: 'secret' }, sockets: 2 })
  onTestFinished(() => store.close())
  return store
}

async function faultOf(asked: Promise<unknown>) {
  const error: unknown = await asked.then(
    () => new Error('no fault'),
    (reason: unknown) => reason,
  )
  if (error instanceof FaultError) return error.fault
  throw error
}

/** What each operation makes of the same answer: its fault’s code, and how long the site asked to be left alone. */
async function heard(answer: ScriptedAnswer): Promise<Readonly<Record<string, string>>> {
  const store = await storeAt(answer)
  const all = Object.entries(operations).map(async ([name, ask]) => {
    const { code, afterMs } = await faultOf(ask(store))
    return [name, afterMs === undefined ? code : `${code} ${afterMs}`] as const
  })
  return Object.fromEntries(await Promise.all(all))
}

const everywhere = (wanted: string) => Object.fromEntries(Object.keys(operations).map((name) => [name, wanted]))

describe('a site that is too busy says so to every operation, in words or without', () => {
  test.each([
    ['503 without a body', { status: 503 }, 'SLOW_DOWN'],
    ['429 without a body', { status: 429 }, 'SLOW_DOWN'],
    ['503 with a time to wait', { status: 503, headers: { 'retry-after': '7' } }, 'SLOW_DOWN 7000'],
    ['429 with a time to wait', { status: 429, headers: { 'retry-after': '7' } }, 'SLOW_DOWN 7000'],
    ['500 without a body', { status: 500 }, 'SERVER_ERROR'],
    ['502 without a body', { status: 502 }, 'SERVER_ERROR'],
  ] as const)('%s', async (_, answer, wanted) => {
    expect(await heard(answer)).toEqual(everywhere(wanted))
  })
})
