import { createHash } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { FaultAction } from '../../electron/engine/sandbox/fault-switch.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { failures } from '../support/watch.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

const mebibyte = 1024 * 1024
const body = Buffer.alloc(2 * mebibyte, 'every byte counts. ')
const impatient: WorldOptions = { engine: { timeouts: { responseMs: 600, stallMs: 600 } } }

/** One object meets the fault once; nothing wrong is stored, the failure is shown, and the next attempt is right. */
async function meetsOnce(
  options: WorldOptions,
  side: 'a' | 'b',
  on: 'GetObject' | 'PutObject' | 'UploadPart',
  action: FaultAction,
  parts = on === 'UploadPart',
): Promise<{ readonly world: World; readonly code: string | undefined }> {
  const world = await startWorld(options)
  await world.settled()
  const met = world[side].faults.add({ on, key: 'key', times: 1, do: action })
  if (parts) await putMultipart(world.s3.a, 'key', [5 * mebibyte, 5 * mebibyte, 1234])
  else await world.put('key', body)
  await expect.poll(() => met.hits, { timeout: 15_000 }).toBe(1)
  await expect.poll(async () => (await failures(world)).length, { timeout: 15_000, interval: 5 }).toBe(1)
  const [row] = await failures(world)
  expect(row).toMatchObject({ key: 'key', attempts: 1, fault: { retry: 'backoff' } })
  expect((await world.sides()).b).toEqual([])
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(world.link().parked).toBe(0)
  return { world, code: row!.fault.code }
}

test('a body that is cut in the middle is not stored, and read again', async () => {
  const { code } = await meetsOnce({}, 'a', 'GetObject', { kind: 'cut-body', afterBytes: mebibyte })
  expect(['BODY_CUT', 'CONNECTION_LOST', 'SOURCE_UNREADABLE']).toContain(code)
})

test('a body that stops moving is given up after the time set, and read again', async () => {
  const { code } = await meetsOnce(impatient, 'a', 'GetObject', { kind: 'stall-body', afterBytes: mebibyte })
  expect(code).toBe('BODY_STALLED')
})

test('a site that takes the request and stays silent is given up after the time set, and asked again', async () => {
  const { code } = await meetsOnce(impatient, 'a', 'GetObject', { kind: 'hang' })
  expect(code).toBe('RESPONSE_TIMEOUT')
})

test('a target that takes the body and stays silent is given up after the time set, and written again', async () => {
  const { code } = await meetsOnce(impatient, 'b', 'PutObject', { kind: 'hang' })
  expect(['RESPONSE_TIMEOUT', 'BODY_STALLED']).toContain(code)
})

test('other bytes than the source has are refused by the target, and right at the next attempt', async () => {
  const { code, world } = await meetsOnce({}, 'a', 'GetObject', { kind: 'flip-byte', at: mebibyte + 7 })
  expect(code).toBe('CONTENT_MISMATCH')
  const md5 = createHash('md5').update(body).digest('hex')
  expect((await world.sides()).b).toEqual([`key ${body.length} "${md5}"`])
})

test('other bytes than a part has at the source are never completed, and right at the next attempt', async () => {
  const { code } = await meetsOnce({}, 'a', 'GetObject', { kind: 'flip-byte', at: mebibyte + 7 }, true)
  expect(code).toBe('CONTENT_MISMATCH')
})

test('a part that the target refuses is sent again, and nothing half is ever seen', async () => {
  const { code } = await meetsOnce({}, 'b', 'UploadPart', { kind: 'server-error' })
  expect(code).toBe('SERVER_ERROR')
})

test('an answer that is lost after the write leaves one replica, not two', async () => {
  const world = await startWorld()
  await world.settled()
  const lost = world.b.faults.add({ on: 'PutObject', key: 'key', times: 1, do: { kind: 'lose-answer' } })
  await world.put('key', body)
  await expect.poll(() => lost.hits, { timeout: 10_000 }).toBe(1)
  expect(await differencesOnceSettled(world)).toEqual([])
  expect((await world.sides()).b).toHaveLength(1)
})

async function putMultipart(client: S3Client, key: string, sizes: readonly number[]): Promise<void> {
  const upload = { Bucket: 'data', Key: key }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload))
  const parts = []
  for (const [index, size] of sizes.entries()) {
    const part = { ...upload, UploadId, PartNumber: index + 1, Body: Buffer.alloc(size, String(index)) }
    const { ETag } = await client.send(new UploadPartCommand(part))
    parts.push({ ETag, PartNumber: index + 1 })
  }
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: parts } }))
}
