import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { openLogFile } from '../../electron/process/log-file.ts'
import { serve, type ServeOptions, type Serving } from '../../electron/serve/serve.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import { makeTempDir } from '../support/temp.ts'

/** A directory whose parents and process would let everybody in. */
async function openHandedPlace(): Promise<string> {
  const before = process.umask(0)
  onTestFinished(() => void process.umask(before))
  const dir = await makeTempDir('private')
  onTestFinished(() => dir.remove())
  return path.join(dir.path, 'data')
}

function serveOn(dataDir: string, more: Partial<ServeOptions> = {}): Promise<Serving> {
  return serve({
    startEngine,
    config: null,
    dataDir,
    rendererDir: dataDir,
    host: '127.0.0.1',
    port: 0,
    credentials: { kind: 'made-here' },
    demo: null,
    environment: {},
    version: 'test',
    log: () => undefined,
    say: () => undefined,
    ...more,
  })
}

/** Modes of a directory and of all that is in it, by name. */
function modesOf(dir: string): Record<string, string> {
  const names = ['.', ...readdirSync(dir, { recursive: true }).map(String)]
  return Object.fromEntries(names.map((name) => [name, (statSync(path.join(dir, name)).mode & 0o777).toString(8)]))
}

const file = '600'
const whileItRuns = {
  '.': '700',
  'control.json': file,
  'sessions.json': file,
  'journal.db': file,
  'journal.db-shm': file,
  'journal.db-wal': file,
  'journal.lock': file,
  'journal.lock-journal': file,
  'journal.pid': file,
  'journal.witness': file,
  'vault.json': file,
  'vault.key': file,
}

test('what the engine and its host make is their owner’s alone, whatever the process would grant by itself', async () => {
  const dataDir = await openHandedPlace()
  const serving = await serveOn(dataDir)
  const log = openLogFile(path.join(dataDir, 'log'))
  log.write('{}')
  await log.close()
  const modes = modesOf(dataDir)
  await serving.stop()
  expect(modes).toEqual({ ...whileItRuns, log: '700', 'log/lockstep.log': file })
})

test('a directory and files that an older version left open to others are closed at start', async () => {
  const dataDir = await openHandedPlace()
  await (await serveOn(dataDir)).stop()
  openLogFile(path.join(dataDir, 'log')).write('{}')
  const left = ['vault.json.draft', 'control.json.123', 'log/lockstep.log.1']
  for (const name of left) writeFileSync(path.join(dataDir, name), 'left behind')
  for (const name of ['.', ...readdirSync(dataDir, { recursive: true }).map(String)])
    chmodSync(path.join(dataDir, name), statSync(path.join(dataDir, name)).isDirectory() ? 0o755 : 0o644)
  const serving = await serveOn(dataDir)
  await openLogFile(path.join(dataDir, 'log')).close()
  const modes = modesOf(dataDir)
  await serving.stop()
  expect(modes).toMatchObject({ ...whileItRuns, ...Object.fromEntries(left.map((name) => [name, file])), log: '700' })
  expect(new Set(Object.values(modes))).toEqual(new Set(['700', file]))
})

test('an open directory with things of others in it is refused as it is, and what to do is said', async () => {
  const dataDir = await openHandedPlace()
  mkdirSync(dataDir, 0o755)
  writeFileSync(path.join(dataDir, 'thesis.txt'), 'x')
  await expect(serveOn(dataDir, { credentials: memoryCredentials() })).rejects.toMatchObject({
    fault: { code: 'DATA_EXPOSED', remedy: expect.stringContaining(`chmod 700 ${dataDir}`) },
  })
  expect(modesOf(dataDir)).toEqual({ '.': '755', 'thesis.txt': '666' })
})

test.runIf(process.getuid?.() === 0)('an open directory that is somebody else’s is refused', async () => {
  const dataDir = await openHandedPlace()
  mkdirSync(dataDir, 0o777)
  chmodSync(path.dirname(dataDir), 0o755)
  chownSync(dataDir, 12_345, 12_345)
  const child = path.join(import.meta.dirname, '../support/take-private-directory.ts')
  const told = spawnSync(process.execPath, [child, dataDir], { uid: 23_456, gid: 23_456, encoding: 'utf8' })
  expect(told.stdout.trim()).toBe('DATA_EXPOSED')
  expect(modesOf(dataDir)).toEqual({ '.': '777' })
})
