import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { spawnLockstep, startLockstep, type LockstepOptions } from '../support/lockstep-process.ts'
import { makeTempDir } from '../support/temp.ts'

const nodeArgs = ['--import', join(import.meta.dirname, '../support/stray.mjs')]

async function options(): Promise<LockstepOptions> {
  const temp = await makeTempDir('stray')
  onTestFinished(() => temp.remove())
  return { dir: temp.path, config: { version: 1 }, nodeArgs }
}

test('a promise that nobody waited for is survived, logged in one line, counted, and told to the operator', async () => {
  const engine = await startLockstep({ ...(await options()), toleratesStrays: true })
  onTestFinished(() => engine.kill9())
  process.kill(engine.ready.pid, 'SIGUSR2')
  await eventually(async () => {
    const [told] = await engine.api.activity.list.query({ level: 'error' })
    expect(told).toMatchObject({ subject: 'engine', fault: { code: 'INTERNAL' } })
    expect(told?.fault?.message).toContain('nobody waits for this')
  })
  const lines = engine.logs
    .filter((line) => line.includes('"subject":"process"'))
    .map((line) => JSON.parse(line) as object)
  expect(lines).toMatchObject([{ kind: 'rejection', isSurvived: true, code: 'INTERNAL', where: 'stray.mjs:2' }])
  expect(engine.logs.join('\n')).not.toMatch(/^ +at /m)
  expect(JSON.parse((await engine.api.diagnostics.get.query()).text) as object).toMatchObject({ strayErrors: 1 })
  await engine.stop()
})

test('a callback that broke ends the process with the reason, and the next start goes on', async () => {
  const place = await options()
  const started = await spawnLockstep(place)
  const { pid } = await started.ready
  process.kill(pid, 'SIGWINCH')
  await once(started.child, 'exit')
  expect(started.child.exitCode).toBe(70)
  expect(started.logs.join('\n')).toMatch(
    /ends because of an error of its own: .*a callback broke[\s\S]*Start it again/,
  )
  expect(started.logs.join('\n')).not.toMatch(/^ +at /m)
  const again = await startLockstep(place)
  await again.stop()
})

test('a test whose engine met an error that nobody caught fails, and so does one whose engine ended by itself', async () => {
  const strayed = await startLockstep(await options())
  process.kill(strayed.ready.pid, 'SIGUSR2')
  await eventually(() => expect(strayed.logs.join()).toContain('nobody waits'))
  await expect(strayed.stop()).rejects.toThrow(/nobody waits for this/)
  const ended = await startLockstep(await options())
  process.kill(ended.ready.pid, 'SIGKILL')
  await eventually(() => expect(() => process.kill(ended.ready.pid, 0)).toThrow())
  await expect(ended.stop()).rejects.toThrow(/ended by itself/)
})
