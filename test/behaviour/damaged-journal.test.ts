import { once } from 'node:events'
import { readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { PutObjectCommand, DeleteObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import type { ConfigInput } from '../../shared/model/config.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { makeBucket } from '../support/buckets.ts'
import { damages } from '../support/damage.ts'
import { eventually } from '../support/eventually.ts'
import { runCli, spawnLockstep, startLockstep } from '../support/lockstep-process.ts'
import { Random } from '../support/random.ts'
import { s3Client } from '../support/s3-site.ts'
import { sandboxKeys, startSandbox } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'

/** Two sites with one bucket each, and a directory for the engine between them. */
async function place() {
  const temp = await makeTempDir('damaged')
  const a = await startSandbox({ dir: join(temp.path, 'a'), identity: 'mints' })
  const b = await startSandbox({ dir: join(temp.path, 'b'), identity: 'mints' })
  onTestFinished(async () => {
    await Promise.all([a.close(), b.close()])
    await temp.remove()
  })
  for (const site of [a, b]) await makeBucket(s3Client(site), 'data')
  const site = (id: string, { endpoint }: { readonly endpoint: string }) => ({
    id,
    name: id,
    endpoint,
    region: 'us-east-1',
    credentials: sandboxKeys,
  })
  const config: ConfigInput = {
    version: 1,
    sites: [site('a', a), site('b', b)],
    rules: [{ id: 'r', source: { site: 'a', bucket: 'data' }, targets: [{ site: 'b', bucket: 'data' }] }],
  }
  const dir = join(temp.path, 'engine')
  const put = async (key: string): Promise<void> => {
    await s3Client(a).send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: key }))
  }
  const gone = async (key: string): Promise<void> => {
    await s3Client(a).send(new DeleteObjectCommand({ Bucket: 'data', Key: key }))
  }
  const differences = async () =>
    (await compareBuckets({ site: a, bucket: 'data' }, { site: b, bucket: 'data' })).differences
  return {
    a,
    b,
    dir,
    dataDir: join(dir, 'data'),
    journal: join(dir, 'data', 'journal.db'),
    config,
    put,
    gone,
    differences,
  }
}

/** A start that is refused: how it ended, and what it said. */
async function refusedStart(dir: string, config: ConfigInput) {
  const started = await spawnLockstep({ dir, config })
  started.ready.catch(() => undefined)
  onTestFinished(() => started.kill9())
  if (started.child.exitCode === null) await once(started.child, 'exit')
  return { code: started.child.exitCode, words: started.logs.join('\n') }
}

test('a journal that is damaged while nothing runs: the start says so, the way out works, and nothing at the sites is touched', async () => {
  const { dir, dataDir, journal, config, put, gone, differences } = await place()
  for (const key of ['one', 'two', 'three']) await put(key)
  const first = await startLockstep({ dir, config })
  await first.bringInStep(60)
  await first.stop()
  damages['zeroed header'](journal, new Random(1))
  const refused = await refusedStart(dir, config)
  expect(refused.code).toBe(1)
  expect(refused.words).toMatch(/journal .*journal\.db is damaged: .*content[\s\S]*lockstep journal renew --data /)
  expect(refused.words).not.toMatch(/Free space|^ +at /m)
  await put('four')
  await gone('two')
  const renewal = await runCli(['journal', 'renew', '--data', dataDir, '--json'])
  expect(renewal).toMatchObject({ code: 0, stderr: '' })
  const { aside, lost } = renewal.json() as { readonly aside: readonly string[]; readonly lost: readonly string[] }
  expect([aside.length, statSync(aside[0]!).size > 0, lost.length > 3]).toEqual([1, true, true])
  expect(await runCli(['journal', 'renew', '--data', dataDir, '--json'])).toMatchObject({ code: 1 })
  const again = await startLockstep({ dir, config })
  const [told] = await again.api.activity.list.query({ level: 'warning' })
  expect(told?.text).toMatch(/^The journal was damaged and a new one was begun/)
  await again.bringInStep(60)
  expect(await differences()).toEqual([])
  await again.stop()
})

test('sites and rules that can still be read come back, each rule paused, without a configuration file', async () => {
  const { dir, dataDir, journal, config, put, differences } = await place()
  await put('one')
  const first = await startLockstep({ dir, config })
  await first.bringInStep(60)
  await first.stop()
  damages['rubbish at the end'](journal, new Random(2))
  const bare: ConfigInput = { version: 1 }
  expect(await refusedStart(dir, bare)).toMatchObject({ code: 1 })
  expect(await runCli(['journal', 'renew', '--data', dataDir, '--json'])).toMatchObject({ code: 0 })
  const again = await startLockstep({ dir, config: bare })
  const [rule] = await again.api.rules.list.query()
  expect(rule).toMatchObject({
    id: 'r',
    paused: { by: 'operator', reason: expect.stringContaining('renewed') as unknown },
  })
  await put('two')
  await again.api.rules.resume.mutate({ id: 'r' })
  await again.bringInStep(60)
  expect(await differences()).toEqual([])
  await again.stop()
})

test.each(['emptied', 'random bytes', 'zeroed header'] as const)(
  '%s while it runs: it stops writing with the reason, acknowledges nothing more, and the next start is whole or says so too',
  async (kind) => {
    const { dir, dataDir, journal, config, put } = await place()
    const engine = await startLockstep({ dir, config, toleratesStrays: true })
    onTestFinished(() => engine.kill9())
    await put('one')
    await engine.bringInStep(60)
    damages[kind](journal, new Random(3))
    await eventually(
      async () => {
        expect(engine.logs.join('\n')).toContain('JOURNAL_DAMAGED')
      },
      { withinMs: 40_000, everyMs: 200 },
    )
    const paused = await runCli(['pause', 'r', '--data', dataDir])
    expect(paused.code).toBe(1)
    expect(engine.logs.join('\n')).not.toMatch(/^ +at /m)
    expect(paused.stderr).toMatch(/is damaged[\s\S]*lockstep journal renew --data/)
    await engine.stop()
    // Where the log had everything the stop has written the file anew, and the next start finds it whole.
    const next = await spawnLockstep({ dir, config })
    onTestFinished(() => next.kill9())
    const ready = await next.ready.then(
      () => true,
      () => false,
    )
    if (!ready) expect(next.logs.join('\n')).toMatch(/is damaged/)
    await next.stop()
    expect(next.logs.join('\n')).not.toMatch(/^ +at /m)
  },
)

test('a lost vault.key: the start names the sites whose keys must be entered again, makes no other key, and the way out works', async () => {
  const { dir, dataDir, config } = await place()
  await (await startLockstep({ dir, config })).stop()
  renameSync(join(dataDir, 'vault.key'), join(dir, 'elsewhere'))
  const refused = await refusedStart(dir, { version: 1 })
  expect(refused.code).toBe(1)
  expect(refused.words).toMatch(/vault\.key is gone[\s\S]*lockstep vault renew --data .*site a, site b/)
  expect(readdirSync(dataDir)).not.toContain('vault.key')
  const renewal = await runCli(['vault', 'renew', '--data', dataDir, '--json'])
  expect(renewal.json()).toMatchObject({ keysOf: ['site a', 'site b'] })
  const again = await startLockstep({ dir, config: { version: 1 } })
  const sites = await again.api.sites.list.query()
  expect(sites.map(({ id }) => id)).toEqual(['a', 'b'])
  await again.api.sites.update.mutate({ ...config.sites![0]!, credentials: sandboxKeys })
  await eventually(async () => {
    const view = (await again.api.sites.list.query()).find(({ id }) => id === 'a')
    expect(view?.health.state).toBe('online')
  })
  await again.stop()
})

test(
  'a rule whose site was lost with the journal waits: the engine starts, other rules can be made, and it goes on when the site is back',
  { timeout: 240_000 },
  async () => {
    const { a, dir, dataDir, config, put, differences } = await place()
    await makeBucket(s3Client(a), 'other')
    const first = await startLockstep({ dir, config })
    await first.bringInStep(60)
    await first.stop()
    const journal = openJournal({ dir: dataDir, now: Date.now })
    await journal.records.erase('site/b')
    await journal.close()
    const again = await startLockstep({ dir, config: { version: 1, sites: [config.sites![0]!] } })
    await eventually(async () => {
      const [rule] = await again.api.rules.list.query()
      expect(rule?.links[0]?.state).toMatchObject({
        kind: 'held',
        reason: expect.stringContaining('There is no site b') as unknown,
      })
    })
    const more = { id: 'more', source: { site: 'a', bucket: 'data' }, targets: [{ site: 'a', bucket: 'other' }] }
    expect(await again.api.rules.create.mutate(more)).toMatchObject({ id: 'more' })
    await expect(
      again.api.rules.create.mutate({ ...more, id: 'lost', targets: [{ site: 'b', bucket: 'other' }] }),
    ).rejects.toThrow('There is no such site')
    await put('one')
    await again.api.sites.create.mutate(config.sites![1]!)
    await again.bringInStep(60)
    expect(await differences()).toEqual([])
    await again.stop()
  },
)
