import { join } from 'node:path'
import { ListObjectVersionsCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../electron/engine/base/clock.ts'
import { systemNetwork } from '../../electron/engine/site/network.ts'
import { withServerAnswer } from '../../electron/engine/site/profile/merge.ts'
import { probeProfile } from '../../electron/engine/site/profile/probe-profile.ts'
import { withoutBlanks, type HeaderPair } from '../../electron/engine/s3/headers.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { openSiteWire } from '../../electron/engine/store/site-wire.ts'
import { siteFactIds, type SiteFactId } from '../../shared/model/site-facts.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensureCeph, startCephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import { Random } from '../support/random.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { ensureVersitygw, startVersitygwSite } from '../support/versitygw.ts'

const [ceph, minio, versitygw] = [await ensureCeph(), await ensureMinio(), await ensureVersitygw()]
const missing = [ceph, minio, versitygw].find((one) => !one.ok)
if (missing?.ok === false) reportSkipped('the profile of real sites', missing.reason)

const names = ['ceph', 'minio', 'versitygw'] as const
type Name = (typeof names)[number]

/** What each server of the tests does, fact by fact; `?` where the profile does not know. */
const table: Readonly<Record<SiteFactId, readonly [ceph: string, minio: string, versitygw: string]>> = {
  versioning: ['on', 'on', 'on'],
  'version-ids': ['mints', 'adopts-minio', 'mints'],
  'version-order': ['by-arrival', 'by-time', 'by-arrival'],
  'listing-pages': ['in-order', 'in-order', 'stuck'],
  'listing-markers': ['in-order', 'in-order', 'apart'],
  'nested-keys': ['kept', 'unlisted', 'refused'],
  'double-slash': ['kept', 'refused', 'changed'],
  'trailing-space': ['kept', 'kept', 'kept'],
  'unicode-forms': ['kept', 'kept', 'kept'],
  tags: ['any', 'narrow', 'narrow'],
  'empty-metadata': ['kept', 'kept', 'kept'],
  checksums: ['dropped', 'kept', 'kept'],
  'conditional-writes': ['ignored', 'honoured', 'honoured'],
  'part-sizes': ['not-told', 'told', 'told'],
  'object-lock': ['off', 'off', 'off'],
  events: ['topic', 'listen', 'none'],
}

const plain = { content: {}, tags: {}, lock: null, storageClass: null, identity: null }
const plainPut = {
  operation: 'PutObject',
  method: 'PUT',
  query: '',
  unsigned: [],
  body: Buffer.from('x'),
  sizeBytes: 1,
  expectContinue: false,
  stream: false,
} as const

const pieces = [
  'a',
  ' ',
  '\t',
  ...['\u00a0', '\u3000', '\u2003', '\u0085', 'à', '駅'].map((one) => Buffer.from(one).toString('latin1')),
]

describe.skipIf(missing !== undefined)('the profile of real sites', () => {
  let dir: TempDir
  const sites = new Map<Name, SiteAccess & { stop(): Promise<void> }>()
  beforeAll(async () => {
    dir = await makeTempDir('profile')
    sites.set('ceph', await startCephSite({ name: 'profile', dir: join(dir.path, 'ceph') }))
    sites.set('minio', await startMinioSite({ name: 'profile' }))
    sites.set('versitygw', await startVersitygwSite({ name: 'profile' }))
  })
  afterAll(async () => {
    for (const site of sites.values()) await site.stop()
    await dir.remove()
  })

  test.each(names)(
    '%s is known for what it does, and nothing stays in its bucket, nor in a locked one',
    async (name) => {
      const site = sites.get(name)!
      for (const bucket of ['plain', 'locked']) {
        await makeBucket(s3Client(site), bucket, { lock: bucket === 'locked' })
        const { found, requests } = await profileOf(name, site, bucket)
        const lock = bucket === 'locked' ? { 'object-lock': 'on' } : {}
        const expected = Object.entries(table).map(([id, row]) => [id, row[names.indexOf(name)]])
        expect(found.answers).toEqual({ ...Object.fromEntries(expected), ...lock })
        const { Versions = [], DeleteMarkers = [] } = await s3Client(site).send(
          new ListObjectVersionsCommand({ Bucket: bucket }),
        )
        expect([found.left, Versions, DeleteMarkers]).toEqual([null, [], []])
        expect(requests).toBeLessThan(90)
      }
    },
  )

  test.each(names)('%s takes metadata with any blank, from the engine and from the gateway', async (name) => {
    const { endpoint, region, accessKeyId, secretAccessKey } = sites.get(name)!
    const site = { id: name, name, endpoint, region, pathStyle: true, tls: { insecureSkipVerify: false } }
    const keys = { accessKeyId, secretAccessKey }
    await makeBucket(s3Client(sites.get(name)!), 'blanks')
    const seed = Number(process.env['LOCKSTEP_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    const random = new Random(seed)
    for (let round = 0; round < 4; round++) {
      // Anew each time: what a site reads as a blank is found out on the first value.
      const store = createStore({ site, keys, sockets: 1 })
      const wire = openSiteWire({ site, keys, sockets: 1, now: () => systemClock.now() })
      for (let count = 0; count < 10; count++) {
        const text = withoutBlanks(Array.from({ length: random.int(1, 6) }, () => random.pick(pieces)).join(''))
        const version = { bucket: 'blanks', key: 'by the engine', metadata: { text } }
        await expect(
          store.put({ ...plain, ...version }, { sizeBytes: 1, body: plainPut.body }),
          `${seed}: ${JSON.stringify(text)}`,
        ).resolves.toBeTruthy()
        const headers: HeaderPair[] = [['x-amz-meta-text', text]]
        const answer = await wire.send({ ...plainPut, bucket: 'blanks', key: 'by the gateway', headers })
        expect(answer.status, `${seed}: ${JSON.stringify(text)}`).toBe(200)
      }
      store.close()
      wire.close()
    }
  })
})

async function profileOf(id: string, { endpoint, region, accessKeyId, secretAccessKey }: SiteAccess, bucket: string) {
  const site = { id, name: id, endpoint, region, pathStyle: true, tls: { insecureSkipVerify: false } }
  let requests = 0
  const onRequest = (): number => (requests += 1)
  const store = createStore({ site, keys: { accessKeyId, secretAccessKey }, sockets: 4, onRequest })
  const { signal } = new AbortController()
  const { facts, left } = await probeProfile(store, bucket, { clock: systemClock, random: Math.random }, signal)
  store.close()
  const known = withServerAnswer(null, await systemNetwork.askUnsigned(site, signal), systemClock.now()).facts
  const all = { ...known, ...facts }
  return {
    found: { answers: Object.fromEntries(siteFactIds.map((one) => [one, all[one].value ?? '?'])), left },
    requests,
  }
}
