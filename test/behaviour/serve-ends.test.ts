import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { ConfigInput } from '../../shared/model/config.ts'
import { eventually } from '../support/eventually.ts'
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

const program = join(import.meta.dirname, '../../build/lockstep.mjs')

/** `lockstep …`, with nobody to read what it says. */
function unread(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.destroy()
  child.stderr.destroy()
  return child
}

test('a service whose lines nobody reads any more answers, and ends when it is told to', async () => {
  const dir = await place()
  const child = unread('serve', '--data', dir)
  await eventually(() => promisify(execFile)(process.execPath, [program, 'status', '--data', dir]), {
    withinMs: 30_000,
  })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('a command ends as it would have when its reader has gone, and says that its answer did not fit on the disk', async () => {
  const schema = ['config', 'schema'] as const
  expect(await once(unread(...schema), 'exit')).toEqual([0, null])
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const child = spawn(process.execPath, [program, ...schema], { stdio: ['ignore', full, 'pipe'] })
  const [said, ended] = await Promise.all([text(child.stderr!), once(child, 'exit')])
  expect([said, ended]).toEqual([expect.stringMatching(/^The answer could not be written: ENOSPC.*\n$/), [2, null]])
})
