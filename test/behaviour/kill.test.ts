import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { onTestFinished, expect, test } from 'vitest'
import type { ConfigInput } from '../../shared/model/config.ts'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { makeBucket } from '../support/buckets.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { sandboxKeys, startSandbox } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'

test('an engine that is killed in the middle goes on after a restart: nothing lost, nothing twice', async () => {
  const temp = await makeTempDir('kill')
  const a = await startSandbox({ dir: join(temp.path, 'a') })
  const b = await startSandbox({ dir: join(temp.path, 'b') })
  onTestFinished(async () => {
    await Promise.all([a.close(), b.close()])
    await temp.remove()
  })
  const client = s3Client(a)
  for (const side of [client, s3Client(b)]) await makeBucket(side, 'data')
  const keys = Array.from({ length: 60 }, (_, at) => `key-${at}`)
  for (let from = 0; from < keys.length; from += 20)
    await Promise.all(
      keys
        .slice(from, from + 20)
        .map((key) => client.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: randomUUID() }))),
    )
  b.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 100 } })
  const options = { dir: join(temp.path, 'engine'), config: configOf(a, b) }
  const first = await startLockstep(options)
  await expect
    .poll(() => b.requests.count({ operation: 'PutObject', status: 200 }), { timeout: 20_000 })
    .toBeGreaterThan(10)
  await first.kill9()
  const atTheKill = b.requests.count({ operation: 'PutObject', status: 200 })
  expect(atTheKill).toBeLessThan(keys.length)
  b.faults.clear()
  const second = await startLockstep(options)
  await second.bringInStep(30)
  const { versions, differences } = await compareBuckets({ site: a, bucket: 'data' }, { site: b, bucket: 'data' })
  await second.stop()
  expect(differences).toEqual([])
  expect(versions).toBe(keys.length)
  expect([...first.logs, ...second.logs].filter(tellsAKey)).toEqual([])
  const files = await filesUnder(first.dataDir)
  expect(files.filter(({ name }) => name.includes('vault'))).not.toEqual([])
  expect(files.filter(({ content }) => tellsAKey(content)).map(({ name }) => name)).toEqual([])
})

function configOf(a: Access, b: Access): ConfigInput {
  const site = (id: string, { endpoint, accessKeyId, secretAccessKey }: Access) => ({
    id,
    name: `Site ${id}`,
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
  })
  return {
    version: 1,
    sites: [site('a', a), site('b', b)],
    rules: [{ id: 'r', source: { site: 'a', bucket: 'data' }, targets: [{ site: 'b', bucket: 'data' }] }],
    workers: { limit: 4 },
  }
}

type Access = Awaited<ReturnType<typeof startSandbox>>

/** The vault seals what it holds, so it is looked into like every other file. */
const tellsAKey = (content: string | Buffer): boolean =>
  Object.values(sandboxKeys).some((key) => Buffer.from(content).includes(key))

async function filesUnder(dir: string): Promise<readonly { readonly name: string; readonly content: Buffer }[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(files.map(async (name) => ({ name, content: await readFile(name) })))
}
