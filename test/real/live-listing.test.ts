import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkedReader } from '../../electron/engine/scan/checked-reader.ts'
import { VersionReader } from '../../electron/engine/scan/version-reader.ts'
import { everyPage } from '../../electron/engine/store/current-keys.ts'
import type { ListPosition } from '../../electron/engine/store/port.ts'
import { makeBucket } from '../support/buckets.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { reportSkipped } from '../support/install.ts'
import { ensureMinio, startMinioSite, type MinioSite } from '../support/minio.ts'
import { storeFor } from '../support/replicate-world.ts'
import { s3Client } from '../support/s3-site.ts'

const minio = await ensureMinio()
if (!minio.ok) reportSkipped('listings of MinIO while it is written', minio.reason)

const bucket = 'written'
const keyOf = (n: number): string => `f${n % 7}${n % 3 === 0 ? '-x' : ''}/k${n}`

describe.skipIf(!minio.ok)('MinIO, which keeps a listing for a while', () => {
  let site: MinioSite
  beforeAll(async () => {
    site = await startMinioSite({ name: 'written' })
  })
  afterAll(() => site.stop())

  test('is never said to leave keys out, however it is written while it is listed', { timeout: 180_000 }, async () => {
    const client = s3Client(site)
    await makeBucket(client, bucket)
    const put = (n: number) => client.send(new PutObjectCommand({ Bucket: bucket, Key: keyOf(n), Body: 'x' }))
    await forEachAtMost(24, Array.from({ length: 2400 }).keys(), async (n) => void (await put(n)))
    const store = storeFor('s', site)
    const { signal } = new AbortController()
    const listed = new AbortController()
    const write = async (first: number): Promise<void> => {
      for (let n = first; !listed.signal.aborted; n += 7)
        await (n % 5 === 0
          ? client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keyOf(n % 5000) }))
          : put(n % 5000))
    }
    const writing = [write(1), write(2), write(3)]
    const least: number[] = []
    try {
      for (let pass = 0; pass < 15; pass++) {
        const list = (_: string, request: Parameters<typeof store.listVersions>[0]) => store.listVersions(request)
        const at = { site: 's', bucket }
        const reader = checkedReader({ at, prefix: '', list, signal, after: null, now: Date.now, rate: everyPage })
        let keys = 0
        for (await reader.fill(); reader.key !== null; reader.advance() || (await reader.fill())) keys++
        least.push(keys)
      }
    } finally {
      listed.abort()
      await Promise.all(writing)
      client.destroy()
    }
    expect(Math.min(...least)).toBeGreaterThanOrEqual(2400)
  })

  test('and dates what its pages do not show by when it began, not by when they were asked for', async () => {
    const client = s3Client(site)
    await makeBucket(client, 'dated')
    const put = (Key: string) => client.send(new PutObjectCommand({ Bucket: 'dated', Key, Body: 'x' }))
    await forEachAtMost(
      24,
      Array.from({ length: 300 }).keys(),
      async (n) => void (await put(`f${String(n).padStart(3, '0')}`)),
    )
    const store = storeFor('s', site)
    const list = (from: ListPosition | undefined) =>
      store.listVersions({ bucket: 'dated', prefix: '', limit: 50, from })
    const reader = new VersionReader({ list, now: Date.now, after: null })
    let shown = false
    let writtenAt = 0
    for (await reader.fill(); reader.key !== null; reader.advance() || (await reader.fill())) {
      if (reader.key === 'f110') {
        writtenAt = Date.now()
        await put('f290-late')
      }
      shown ||= reader.key === 'f290-late'
    }
    client.destroy()
    expect(shown || reader.askedAt < writtenAt).toBe(true)
  })
})
