import { afterEach, expect, test } from 'vitest'
import { openSiteWorld, keys, siteAt, type SiteWorld } from './site-world.ts'
import { WoundClock } from './site-clock.ts'
import { readFileSync } from 'node:fs'
import { plainVersion } from '../support/new-version.ts'

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

async function open(more: Parameters<typeof openSiteWorld>[1] = {}): Promise<SiteWorld> {
  const world = await openSiteWorld(new WoundClock(), more)
  ended.push(() => world.end())
  return world
}

const nowhere = 'http://127.0.0.1:1'

test('a site and its pause survive a restart, and its secret is neither in the journal nor in a view', async () => {
  const world = await open()
  await world.sites.create(siteAt('a', nowhere))
  world.sites.pause('a')
  await world.journal.flush()
  const again = await world.again()
  expect(again.view('a')).toMatchObject({
    name: 'Site A',
    paused: true,
    accessKeyHint: 'AKID…',
    credentialsFrom: 'config',
  })
  expect(again.keys('a')).toEqual(keys)
  expect(again.withKeys('a').credentials).toEqual(keys)
  expect(JSON.stringify(again.list())).not.toContain(keys.secretAccessKey)
  expect(JSON.stringify(again.list())).not.toContain(keys.accessKeyId)
  const stored = ['', '-wal'].map((end) => readFileSync(`${world.journal.state.path}${end}`, 'latin1')).join('')
  expect(stored).toContain('AKID…'.slice(0, 4))
  expect(stored).not.toContain(keys.secretAccessKey)
  expect(stored).not.toContain(keys.accessKeyId)
})

test('a site that a rule uses cannot be removed; one that none uses leaves nothing behind', async () => {
  const users = ['photos']
  const world = await open({ usedBy: () => users })
  await world.sites.create(siteAt('a', nowhere))
  await expect(world.sites.remove('a')).rejects.toMatchObject({
    fault: { code: 'CONFLICT', message: 'The site a is used by photos.' },
  })
  expect(world.sites.view('a').usedByRules).toEqual(['photos'])
  users.pop()
  await world.sites.remove('a')
  expect(world.sites.list()).toEqual([])
  expect([...(await world.journal.records.all('site/'))]).toEqual([])
  expect(await world.credentials.get('a')).toBe(null)
  expect(() => world.sites.get('a')).toThrow('NOT_FOUND')
})

test('the same id is not given twice, and a declared site is created or changed as needed', async () => {
  const world = await open()
  await world.sites.create(siteAt('a', nowhere))
  await expect(world.sites.create(siteAt('a', nowhere))).rejects.toMatchObject({ fault: { code: 'CONFLICT' } })
  await world.sites.declare({ ...siteAt('a', nowhere), name: 'Renamed' })
  await world.sites.declare(siteAt('b', nowhere))
  expect(world.sites.list().map(({ name }) => name)).toEqual(['Renamed', 'Site B'])
})

test('keys may come from the environment, and what is missing there is named', async () => {
  const environment = { SITE_A_ACCESS_KEY_ID: 'FROMENV', SITE_A_SECRET_ACCESS_KEY: 'also-secret' }
  const world = await open({ environment })
  const view = await world.sites.create(siteAt('a', nowhere, { env: 'SITE_A' }))
  expect(view).toMatchObject({ credentialsFrom: 'environment', accessKeyHint: 'FROM…' })
  expect(world.sites.keys('a')).toEqual({ accessKeyId: 'FROMENV', secretAccessKey: 'also-secret' })
  expect(await world.credentials.get('a')).toBe(null)
  await expect(world.sites.create(siteAt('b', nowhere, { env: 'SITE_B' }))).rejects.toThrow(
    /^CONFIG_INVALID: .*SITE_B_ACCESS_KEY_ID/,
  )
  expect(world.sites.has('b')).toBe(false)
})

test('a site whose keys are gone says so when it is used, and works again with new ones', async () => {
  const world = await open()
  await world.sites.create(siteAt('a', nowhere))
  await world.credentials.remove('a')
  const again = await world.again()
  expect(() => again.store('a')).toThrow('VAULT_LOCKED')
  await again.update(siteAt('a', nowhere))
  expect(again.keys('a')).toEqual(keys)
})

test('an update without credentials keeps the keys and what is known; another endpoint is probed anew', async () => {
  const world = await open()
  const sandbox = await world.sandbox('s', 'adopts-minio')
  await world.sites.create(siteAt('a', sandbox.endpoint))
  const { credentials: _keys, ...site } = siteAt('a', sandbox.endpoint)
  await world.sites.probe('a')
  expect(world.sites.capabilities('a')).toMatchObject({ vendor: 'lockstep-sandbox', changeStream: 'listen' })
  const before = world.sites.store('a')
  await world.sites.update({ ...site, name: 'Renamed' })
  expect(world.sites.view('a')).toMatchObject({ name: 'Renamed', capabilities: { vendor: 'lockstep-sandbox' } })
  expect(world.sites.keys('a')).toEqual(keys)
  expect(world.sites.store('a')).not.toBe(before)
  await world.sites.update({ ...site, endpoint: nowhere })
  expect(world.sites.capabilities('a')).toBe(null)
})

test('what a target does with version ids is kept as a capability of its site', async () => {
  const world = await open()
  const sandbox = await world.sandbox('s', 'adopts-minio')
  await world.sites.create(siteAt('a', sandbox.endpoint))
  const store = world.sites.store('a')
  await store.createBucket('photos', { objectLock: false })
  await store.enableVersioning('photos')
  await world.sites.probeTarget({ site: 'a', bucket: 'photos' })
  const again = await world.again()
  expect(again.capabilities('a')).toMatchObject({ identity: 'adopts-minio', ordersByMtime: true })
})

test('what an older journal knows of a site is taken over into its profile', async () => {
  const world = await open()
  await world.sites.create(siteAt('a', nowhere))
  const { profile: _none, ...record } = (await world.journal.records.all('site/')).get('site/a') as Record<
    string,
    unknown
  >
  const known = { vendor: 'minio', identity: 'adopts-minio', ordersByMtime: true, changeStream: 'listen', probedAt: 7 }
  await world.journal.records.write('site/a', { ...record, capabilities: known })
  const again = await world.again()
  expect(again.capabilities('a')).toEqual({ ...known, measured: {} })
  expect(again.view('a').profile?.facts).toMatchObject({
    'version-ids': { value: 'adopts-minio', how: 'tried', asOf: 7 },
    events: { value: 'listen', how: 'by-name', asOf: 7 },
    tags: { value: null, asOf: null },
  })
})

test('a canary that a killed engine left behind is removed by the next probe, and nothing else is', async () => {
  const world = await open()
  const sandbox = await world.sandbox('s')
  await world.sites.create(siteAt('a', sandbox.endpoint))
  const store = world.sites.store('a')
  await store.createBucket('photos', { objectLock: false })
  await store.enableVersioning('photos')
  const body = { sizeBytes: 1, body: Buffer.from('x') }
  for (const key of ['.lockstep-canary/left', '.lockstep-canary/not-ours', 'photo']) {
    await store.put(plainVersion('photos', key), body)
  }
  await world.journal.records.write('canary/a/photos/.lockstep-canary/left', true)
  await world.sites.probeTarget({ site: 'a', bucket: 'photos' })
  const { entries } = await store.listVersions({ bucket: 'photos', prefix: '' })
  expect(entries.map((entry) => entry.key)).toEqual(['.lockstep-canary/not-ours', 'photo'])
  expect([...(await world.journal.records.all('canary/'))]).toEqual([])
})
