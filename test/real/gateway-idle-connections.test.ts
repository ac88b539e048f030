import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, onTestFinished, test } from 'vitest'
import { createBucket } from '../support/world.ts'
import { forEachAtMost } from '../support/concurrency.ts'
import { eventually } from '../support/eventually.ts'
import { clientKey, everythingKey } from '../support/gateway.ts'
import { rawRequest } from '../support/gateway-raw.ts'
import { reportSkipped } from '../support/install.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { s3Client } from '../support/s3-site.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'
import { siteConfig } from '../support/site-config.ts'

const wanted = 10_000
/** What either side of the connections may have open; Node raises its own soft limit to it. */
const limit = Number(execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).replace('unlimited', 'Infinity'))
const canRun = limit > wanted + 500
if (!canRun) reportSkipped('10,000 idle connections', `a process may open ${limit} files here; \`ulimit -Hn\` sets it`)

test.skipIf(!canRun)(
  '10,000 idle connections cost little, are in nobody’s way, and are closed after a while',
  async () => {
    const site = await sandboxForTest()
    await createBucket(s3Client(site), 'data')
    const dir = await makeTempDir('idle')
    const gateway = { site: 'a', listen: '127.0.0.1:0', keys: [everythingKey] }
    const lockstep = await startLockstep({
      dir: dir.path,
      config: { version: 1, sites: [siteConfig('a', site)], rules: [], gateway },
    })
    onTestFinished(() => lockstep.kill9())
    const endpoint = lockstep.ready.gateway!
    const client = s3Client({ ...site, ...clientKey, endpoint })
    const turn = async (): Promise<number> => {
      const startedAt = performance.now()
      await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'x' }))
      await client
        .send(new GetObjectCommand({ Bucket: 'data', Key: 'k' }))
        .then(({ Body }) => Body!.transformToString())
      return performance.now() - startedAt
    }
    for (let round = 0; round < 20; round++) await turn()
    const open = async (): Promise<number> => (await lockstep.api.gateway.view.query()).openConnections

    const before = residentBytes(lockstep.ready.pid)
    const sockets = await openMany(endpoint)
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()))
    await eventually(async () => expect(await open()).toBeGreaterThanOrEqual(wanted), { withinMs: 30_000 })
    const each = (residentBytes(lockstep.ready.pid) - before) / wanted
    const took = await turn()
    process.stdout.write(
      `\n${wanted} idle connections: ${(each / 1024).toFixed(1)} KiB each; a put and a get among them: ${took.toFixed(1)} ms\n`,
    )
    expect(each).toBeLessThan(64 * 1024)

    const openedAt = performance.now()
    await eventually(async () => expect(await open()).toBeLessThan(20), { withinMs: 150_000, everyMs: 500 })
    const seconds = ((performance.now() - openedAt) / 1000).toFixed(0)
    process.stdout.write(`all of them were closed ${seconds} s after the last had come\n`)
    await turn()
    client.destroy()
    await lockstep.stop()
    await dir.remove()
  },
  300_000,
)

/** The first half is answered once and kept alive, for longer than the others, who never say a word. */
async function openMany(endpoint: string): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(endpoint)
  const sockets: Socket[] = []
  await forEachAtMost(200, Array.from({ length: wanted }).keys(), async (index) => {
    const speaks = index < wanted / 2
    const socket = speaks
      ? rawRequest({ url: endpoint, method: 'HEAD', key: 'k', body: Buffer.alloc(0), contentLength: null })
      : connect(Number(port), hostname).on('error', () => undefined)
    sockets.push(socket)
    await once(socket, speaks ? 'data' : 'connect')
    // What comes later is the end.
    socket.resume()
  })
  return sockets
}

function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
