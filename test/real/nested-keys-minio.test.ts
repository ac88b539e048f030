import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { compareInput, failureListInput } from '../../shared/api/inputs.ts'
import { ruleSchema } from '../../shared/model/rule.ts'
import { verdictName } from '../../shared/text/compare.ts'
import { makeBucket } from '../support/buckets.ts'
import { eventually } from '../support/eventually.ts'
import { reportSkipped } from '../support/install.ts'
import { runCli, startLockstep } from '../support/lockstep-process.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { s3Client } from '../support/s3-site.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir } from '../support/temp.ts'

const minio = await ensureMinio()
if (!minio.ok) reportSkipped('keys that MinIO keeps and does not list', minio.reason)

const bucket = 'nested'
const rule = { id: 'r', source: { site: 'a', bucket }, targets: [{ site: 'b', bucket }], scanIntervalSeconds: 5 }

/** MinIO lists nothing below a key that is an object itself, whichever of them came first. */
test.skipIf(!minio.ok)(
  'a key that the target keeps and lists nowhere is told and not copied again with each scan',
  { timeout: 120_000 },
  async () => {
    const dir = await makeTempDir('nested')
    const [a, b] = [await sandboxForTest(), await startMinioSite({ name: 'nested' })]
    const [source, target] = [s3Client(a), s3Client(b)]
    for (const client of [source, target]) await makeBucket(client, bucket)
    for (const Key of ['c', 'c/1', 'd/e', 'd', 'plain/key'])
      await source.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }))
    const sites = [siteConfig('a', a), siteConfig('b', b)]
    const lockstep = await startLockstep({ dir: dir.path, config: { version: 1, sites, rules: [rule] } })
    const link = async () => (await lockstep.api.overview.get.query()).links[0]!
    try {
      await eventually(
        async () => {
          const { rows } = await lockstep.api.failures.list.query(failureListInput.parse({}))
          const told = rows.map(({ key, fault }) => `${key} ${fault.code}`).toSorted()
          expect([told, (await link()).failing]).toEqual([['c/1 KEY_NOT_ALLOWED', 'd/e KEY_NOT_ALLOWED'], 2])
        },
        { withinMs: 60_000 },
      )
      const { settledCount, lookedAt } = await link()
      // Two more scans have found the same.
      for (let scan = 0, seen = lookedAt; scan < 2; scan++)
        seen = await eventually(async () => {
          const now = await link()
          expect(now.lookedAt).toBeGreaterThan(seen!)
          return now.lookedAt
        })
      expect((await link()).settledCount).toBe(settledCount)
      expect((await link()).state.kind).not.toBe('in-step')
      for (const Body of ['2', '3']) await source.send(new PutObjectCommand({ Bucket: bucket, Key: 'c/1', Body }))
      const again = Date.now()
      await eventually(async () => expect((await link()).lookedAt).toBeGreaterThan(again), { withinMs: 30_000 })
      // Without the object above it, MinIO lists what it has of the key.
      const { Versions: above = [] } = await target.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'c' }))
      for (const { Key, VersionId } of above)
        await target.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }))
      const { Versions: kept = [] } = await target.send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: 'c/1' }),
      )
      expect(new Set(kept.map(({ ETag }) => ETag)).size).toBe(kept.length)
    } finally {
      await lockstep.kill9()
      await b.stop()
      await dir.remove()
    }
  },
)

/** What lies below `c` may be believed copied: no scan finds it, and no comparison. */
test.skipIf(!minio.ok)(
  'a source that lists no key below an object is not called equal without saying so, and its rule says it before',
  { timeout: 120_000 },
  async () => {
    const dir = await makeTempDir('nested')
    const [a, b] = [await startMinioSite({ name: 'nested' }), await sandboxForTest()]
    const [source, target] = [s3Client(a), s3Client(b)]
    for (const client of [source, target]) await makeBucket(client, bucket)
    for (const Key of ['c', 'c/1', 'plain/key'])
      await source.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }))
    const sites = [siteConfig('a', a), siteConfig('b', b)]
    const lockstep = await startLockstep({ dir: dir.path, config: { version: 1, sites, rules: [rule] } })
    const { api } = lockstep
    const copies = async (): Promise<readonly string[]> => {
      const { Versions = [], DeleteMarkers = [] } = await target.send(new ListObjectVersionsCommand({ Bucket: bucket }))
      return [...Versions.map(({ Key }) => Key!), ...DeleteMarkers.map(({ Key }) => `${Key} deleted`)].toSorted()
    }
    const unseen =
      /eys that lie below another object’s key .* are in no listing of a\/nested, so none of them was seen there/
    try {
      await eventually(async () => expect(await copies()).toEqual(['c', 'plain/key']), { withinMs: 60_000 })
      await eventually(
        async () => expect((await api.overview.get.query()).links[0]).toMatchObject({ state: { kind: 'in-step' } }),
        { withinMs: 60_000 },
      )
      const [ofRule, ofDraft] = await Promise.all([
        api.rules.get.query({ id: 'r' }).then(({ cautions }) => cautions),
        api.rules.check.query(ruleSchema.parse({ ...rule, id: 'draft' })),
      ])
      expect([ofRule, ofDraft]).toEqual(
        Array.from({ length: 2 }, () => [{ message: expect.stringMatching(unseen), remedy: expect.any(String) }]),
      )
      const { id: jobId } = await api.compare.start.mutate(compareInput.parse({ ruleId: 'r', level: 'bytes' }))
      const report = await eventually(async () => {
        const found = await api.compare.report.query({ jobId })
        expect(found?.endedAt ?? null).not.toBeNull()
        return found!
      })
      expect(report).toMatchObject({
        verdict: 'equal',
        keys: 2,
        nestedUnseen: [{ site: 'a', bucket, isKnown: true }],
        exceptions: [],
      })
      expect(report.statement).toMatch(/^Equal in what is listed by bytes /)
      expect(report.statement).toMatch(unseen)
      expect(verdictName(report)).toBe('Equal in what is listed')
      const shown = await runCli(['compare', 'r', '--data', lockstep.dataDir])
      expect([shown.code, shown.stdout]).toEqual([0, expect.stringMatching(unseen)])
      // Behind 4 KiB of events: this MinIO tells of none before.
      const fillStream = (name: string) =>
        Promise.all(
          Array.from({ length: 40 }, (_, index) =>
            source.send(new PutObjectCommand({ Bucket: bucket, Key: `${name}-${index}`, Body: 'x' })),
          ),
        )
      await source.send(new PutObjectCommand({ Bucket: bucket, Key: 'c/2', Body: 'x' }))
      await fillStream('put')
      await eventually(async () => expect(await copies()).toContain('c/2'), { withinMs: 30_000 })
      await source.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'c/2' }))
      await fillStream('deleted')
      await eventually(
        async () => {
          const { rows } = await api.failures.list.query(failureListInput.parse({}))
          expect(rows.map(({ key, operation }) => `${operation} ${key}`)).toEqual(['deleteMarker c/2'])
        },
        { withinMs: 30_000 },
      )
    } finally {
      await lockstep.kill9()
      await a.stop()
      await dir.remove()
    }
  },
)
