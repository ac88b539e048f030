import { expect, test } from 'vitest'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { startWorld } from '../support/world.ts'

test('a second engine on the same data directory is refused with the first one’s process id, and disturbs nothing', async () => {
  const world = await startWorld()
  const second = startEngine({
    dataDir: world.dataDir,
    credentials: memoryCredentials(),
    config: null,
    environment: {},
    log: () => undefined,
    demo: null,
    version: 'test',
  })
  const refusal: unknown = await second.catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(FaultError)
  expect((refusal as FaultError).fault).toMatchObject({
    code: 'JOURNAL_IN_USE',
    message: expect.stringContaining(`process ${process.pid}`) as string,
    remedy: expect.stringMatching(/^Stop the other engine/) as string,
  })
  await world.put('key')
  expect(await differencesOnceSettled(world)).toEqual([])
  await world.stop()
  await world.start()
  expect(await differencesOnceSettled(world)).toEqual([])
})
