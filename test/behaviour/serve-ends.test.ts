import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { ConfigInput } from '../../shared/model/config.ts'
import { spawnLockstep } from '../support/lockstep-process.ts'
import { makeTempDir } from '../support/temp.ts'

async function place(): Promise<string> {
  const temp = await makeTempDir('ends')
  onTestFinished(() => temp.remove())
  return temp.path
}

/** A port that something else listens on, and where every connection stays silent. */
async function takenPort(): Promise<number> {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const site = (id: string, endpoint: string): ConfigInput['sites'] => [
  { id, name: id, endpoint, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b'.repeat(8) } },
]

/** How the process ended, or `still there` after that time. */
async function endOf(started: Awaited<ReturnType<typeof spawnLockstep>>, withinMs: number) {
  const { child } = started
  onTestFinished(() => started.kill9())
  const timer = AbortSignal.timeout(withinMs)
  if (child.exitCode === null && child.signalCode === null)
    await once(child, 'exit', { signal: timer }).catch(() => undefined)
  return child.exitCode ?? child.signalCode ?? 'still there'
}

test('a port of the webhook that is taken ends the start with the reason and the remedy', async () => {
  const port = await takenPort()
  const started = await spawnLockstep({
    dir: await place(),
    config: { version: 1, sites: [], rules: [], notifications: { listen: `127.0.0.1:${port}` } },
  })
  started.ready.catch(() => undefined)
  expect(await endOf(started, 20_000)).toBe(1)
  expect(started.logs.join('\n')).toMatch(new RegExp(`notifications.*127\\.0\\.0\\.1:${port}[\\s\\S]*another port`))
  expect(started.logs.join('\n')).not.toMatch(/^ +at /m)
})

test.each([0, 60, 120, 200, 300, 450, 700])('SIGTERM ends a start that is %i ms old', async (ageMs) => {
  const started = await spawnLockstep({ dir: await place(), config: { version: 1, sites: [], rules: [] } })
  started.ready.catch(() => undefined)
  await once(started.child, 'spawn').catch(() => undefined)
  setTimeout(() => started.child.kill('SIGTERM'), ageMs)
  expect(await endOf(started, 20_000)).not.toBe('still there')
})

test('SIGTERM twice at once ends it, with sites that accept connections and stay silent', async () => {
  const [one, two] = [await takenPort(), await takenPort()]
  const rule = {
    id: 'r',
    source: { site: 'a', bucket: 'data' },
    targets: [{ site: 'b', bucket: 'other' }],
  }
  const config = {
    version: 1 as const,
    sites: [...site('a', `http://127.0.0.1:${one}`)!, ...site('b', `http://127.0.0.1:${two}`)!],
    rules: [rule],
  }
  const started = await spawnLockstep({ dir: await place(), config })
  await started.ready
  started.child.kill('SIGTERM')
  started.child.kill('SIGTERM')
  expect(await endOf(started, 30_000)).toBe(0)
})
