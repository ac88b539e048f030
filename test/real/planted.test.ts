import { join } from 'node:path'
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodes } from '../../electron/cli/io.ts'
import { compareLevels, type CompareLevel, type CompareReport, shownBy } from '../../shared/model/compare.ts'
import { makeBucket } from '../support/buckets.ts'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { eventually } from '../support/eventually.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep, type Lockstep } from '../support/lockstep-process.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { Random } from '../support/random.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { attributes, decrypt, kinds, type Kind, type KindName } from './plants.ts'
import { ruleConfig } from './scenario.ts'

const [ceph, minio] = [await ensureCeph(), await ensureMinio()]
const missing = [ceph, minio].find((one) => !one.ok)
if (missing?.ok === false) reportSkipped('planted differences between real sites', missing.reason)
const seed = Number(process.env['LOCKSTEP_SEED'] ?? 20_269)

/** How many differences of each kind are planted: 1,000 with those of encryption. Under each prefix stay ten keys as they are. */
const counts: Readonly<Record<KindName, number>> = {
  'stray-key': 80,
  'missing-key': 80,
  'missing-version': 80,
  'other-order': 80,
  'marker-too-many': 80,
  'marker-missing': 80,
  'foreign-top': 80,
  'other-size': 40,
  'other-content': 60,
  tags: 80,
  header: 80,
  metadata: 60,
  lock: 40,
  bytes: 40,
}
/** Under SSE-KMS, for which the rule names a key: what a site encrypts by itself may differ, and is told as an exception. */
const encrypted = 40
const kmsKey = 'planted'
const names = Object.keys(counts) as KindName[]
const levelOf = (name: KindName): CompareLevel => (kinds[name] satisfies Kind).level
const untouched = 10

/** `one/KIND/` holds a single difference among three keys. */
const keysOf = (name: KindName): readonly string[] => [
  ...Array.from({ length: counts[name] }, (_, index) => `${name}/${String(index).padStart(3, '0')}`),
  `one/${name}/planted`,
]
const sameKeysOf = (name: KindName): readonly string[] => [
  ...Array.from({ length: untouched }, (_, index) => `${name}/same-${index}`),
  `one/${name}/same-1`,
  `one/${name}/same-2`,
]

describe.skipIf(missing !== undefined)(`1,000 differences, planted one by one (LOCKSTEP_SEED=${seed})`, () => {
  let dir: TempDir
  let source: MinioSite
  let target: CephSite
  let lockstep: Lockstep
  let clients: { readonly source: S3Client; readonly target: S3Client }

  beforeAll(async () => {
    dir = await makeTempDir('planted')
    ;[source, target] = await Promise.all([
      startMinioSite({ name: 'planted', kmsKey }),
      startCephSite({ name: 'planted', dir: join(dir.path, 'ceph') }),
    ])
    clients = { source: s3Client(source), target: s3Client(target) }
    for (const client of [clients.source, clients.target]) await makeBucket(client, 'planted', { lock: true })
    for (const bucket of ['sealed', 'sealed-copy']) await makeBucket(clients.source, bucket)
    await fill(clients.source)
    // What nobody has noticed is no change on its way: no scan comes, nor an attribute pass.
    const untold = { scanIntervalSeconds: 604_800, attributePass: 'off' as const }
    const copy = { source: { site: 'a', bucket: 'sealed' }, targets: [{ site: 'a', bucket: 'sealed-copy' }] }
    lockstep = await startLockstep({
      dir: join(dir.path, 'engine'),
      config: {
        version: 1,
        sites: [siteConfig('a', source), siteConfig('b', target)],
        rules: [
          ruleConfig('planted', untold),
          ruleConfig('sealed', { ...copy, ...untold, fidelity: { kmsKeyId: kmsKey } }),
        ],
      },
    })
    await lockstep.bringInStep(300)
    // What is planted must stay.
    for (const id of ['planted', 'sealed']) await lockstep.api.rules.pause.mutate({ id })
  }, 600_000)
  afterAll(async () => {
    await lockstep?.kill9()
    await Promise.all([source?.stop(), target?.stop()])
    await dir.remove()
  })

  test('nothing is found before anything was planted', async () => {
    for (const rule of ['planted', 'sealed'])
      expect(await compared(lockstep, rule, 'bytes')).toMatchObject({ verdict: 'equal', differences: [] })
  })

  test('each is found at its level and those above, named by its key, and no other key is', async () => {
    const random = new Random(seed)
    const plants = names.flatMap((name) => keysOf(name).map((key) => ({ name, key, random: random.fork() })))
    expect(plants.length - names.length + encrypted).toBe(1000)
    await forEachAtMost(12, plants, async ({ name, key, random }) => {
      await kinds[name].plant({ site: target, bucket: 'planted', client: clients.target, key }, random)
    })
    const found: Record<string, unknown> = {}
    const expected: Record<string, unknown> = {}
    for (const name of names)
      for (const level of compareLevels) {
        found[`${name} by ${level}`] = summary(await compared(lockstep, 'planted', level, `${name}/`))
        expected[`${name} by ${level}`] = shows(level, levelOf(name))
          ? { isEqual: false, first: levelOf(name), keys: keysOf(name).slice(0, -1) }
          : { isEqual: true, first: null, keys: [] }
      }
    expect(found).toEqual(expected)
  })

  test('lost encryption is found by attributes and by bytes', async () => {
    const keys = Array.from({ length: encrypted }, (_, index) => `sealed/${index}`)
    await forEachAtMost(8, keys, (key) => decrypt({ site: source, bucket: 'sealed-copy', client: clients.source, key }))
    for (const level of ['attributes', 'bytes'] as const)
      expect(summary(await compared(lockstep, 'sealed', level))).toEqual({
        isEqual: false,
        first: 'attributes',
        keys: keys.toSorted(),
      })
  })

  test('a single one decides the words and the exit code of the command line', async () => {
    const ends: Record<string, unknown> = {}
    const expected: Record<string, unknown> = {}
    const codes = { listing: exitCodes.no, attributes: exitCodes.noByAttributes, bytes: exitCodes.noByBytes }
    for (const name of names) {
      const first = levelOf(name)
      const report = await compared(lockstep, 'planted', 'bytes', `one/${name}/`)
      const { code } = await lockstep.cli('compare', 'planted', '--level', first, '--prefix', `one/${name}/`)
      ends[name] = { ...summary(report), code }
      const isPending = report.verdict === 'on-its-way'
      expected[name] = {
        isEqual: false,
        first,
        keys: [`one/${name}/planted`],
        code: isPending ? exitCodes.onItsWay : codes[first],
      }
    }
    expect(ends).toEqual(expected)
  })
})

const shows = (level: CompareLevel, first: CompareLevel): boolean =>
  compareLevels.indexOf(level) >= compareLevels.indexOf(first)

/** Everything at the source, the keys that stay as they are among it. */
async function fill(client: S3Client): Promise<void> {
  const random = new Random(seed + 1)
  const objects = names.flatMap((name) => [
    ...keysOf(name).map((key) => ({ key, bodies: kinds[name].base(random.fork()) })),
    ...sameKeysOf(name).map((key) => ({ key, bodies: kinds.bytes.base(random.fork()) })),
  ])
  await forEachAtMost(12, objects, async ({ key, bodies }) => {
    for (const Body of bodies) {
      const at = { Bucket: 'planted', Key: key }
      if (Body === null) await client.send(new DeleteObjectCommand(at))
      else await client.send(new PutObjectCommand({ ...at, Body, ...attributes }))
    }
  })
  const sealed = Array.from({ length: encrypted + untouched }, (_, index) => ({
    Bucket: 'sealed',
    Key: index < encrypted ? `sealed/${index}` : `same/${index}`,
    Body: `content ${index}`,
    ServerSideEncryption: 'aws:kms' as const,
    SSEKMSKeyId: kmsKey,
    ...attributes,
  }))
  for (const put of sealed) await client.send(new PutObjectCommand(put))
}

async function compared({ api }: Lockstep, ruleId: string, level: CompareLevel, prefix = ''): Promise<CompareReport> {
  const { id: jobId } = await api.compare.start.mutate({ ruleId, level, prefix })
  return await eventually(
    async () => {
      const report = await api.compare.report.query({ jobId })
      if (report === null || report.endedAt === null) throw new Error('the comparison has not ended')
      return report
    },
    { withinMs: 300_000, everyMs: 100 },
  )
}

/** What was found, waiting or not: a scan may have seen by now what is missing, and the rule is paused. */
function summary({ verdict, differences, onItsWay }: CompareReport) {
  const found = [...differences, ...onItsWay.items]
  const levels = compareLevels.filter((level) => found.some(({ kind }) => shownBy[kind] === level))
  return {
    isEqual: verdict === 'equal',
    first: levels[0] ?? null,
    keys: [...new Set(found.map(({ key }) => key))].toSorted(),
  }
}
