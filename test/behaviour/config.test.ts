import { expect, test } from 'vitest'
import { configSchema, type ConfigInput } from '../../shared/model/config.ts'
import { FaultError, type Fault } from '../../shared/model/fault.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startWorld, type World } from '../support/world.ts'

async function refusalOf(run: () => Promise<unknown>): Promise<Fault> {
  const thrown: unknown = await run().then(
    () => new Error('It was taken.'),
    (error: unknown) => error,
  )
  if (!(thrown instanceof FaultError)) throw thrown
  return thrown.fault
}

/** What the engine holds, as a restart would find it. */
const heldBy = (world: World): string => world.api().config.export()

const newSite = {
  id: 'c',
  name: 'Site C',
  endpoint: 'http://127.0.0.1:1',
  credentials: { accessKeyId: 'THIRDKEY', secretAccessKey: 'third/secret' },
}
const goodRule = { id: 'good', source: { site: 'a', bucket: 'data' }, targets: [{ site: 'c', bucket: 'data' }] }

const wrongFiles: readonly { readonly what: string; readonly config: object; readonly line: RegExp }[] = [
  {
    what: 'a field of the wrong kind',
    config: { sites: [newSite], rules: [goodRule, { ...goodRule, id: 'fast', scanIntervalSeconds: 1 }] },
    line: /^rules\.1\.scanIntervalSeconds: “1” – .*5/m,
  },
  {
    what: 'a setting that does not exist',
    config: { sites: [newSite], rules: [{ ...goodRule, colour: 'blue' }] },
    line: /^rules\.0\.colour: unknown setting – remove it or mend its spelling/m,
  },
  {
    what: 'a rule that names a site nobody knows',
    config: {
      sites: [newSite],
      rules: [goodRule, { ...goodRule, id: 'lost', targets: [{ site: 'nowhere', bucket: 'data' }] }],
    },
    line: /^rules\.\d+\.targets\.0\.site: “nowhere” – /m,
  },
  {
    what: 'an endpoint that is none',
    config: { sites: [{ ...newSite, endpoint: 'c.example.org' }] },
    line: /^sites\.0\.endpoint: “c\.example\.org” – use a full URL/m,
  },
]

test.each(wrongFiles)('a configuration with $what is refused whole, and says where and what to do', async (wrong) => {
  const world = await startWorld()
  const before = heldBy(world)
  const text = JSON.stringify({ version: 1, ...wrong.config })
  const refusal = await refusalOf(() => world.api().config.apply({ text }))
  expect(refusal.code).toBe('CONFIG_INVALID')
  expect(refusal.message).toMatch(wrong.line)
  expect(refusal.message).not.toContain('third/secret')
  expect(refusal.remedy).toContain('Nothing was changed')
  expect(heldBy(world)).toBe(before)
  await world.stop()
  await world.start({ sites: [], rules: [] })
  expect(heldBy(world)).toBe(before)
})

test('a configuration file that does not fit together keeps the engine from starting, and leaves nothing behind', async () => {
  const world = await startWorld({ stopped: true })
  const start = (config: ConfigInput | null) =>
    startEngine({
      dataDir: world.dataDir,
      credentials: memoryCredentials(),
      config: config === null ? null : configSchema.parse(config),
      environment: {},
      log: () => undefined,
      demo: null,
      version: 'test',
    })
  const lost = { ...goodRule, id: 'lost', targets: [{ site: 'nowhere', bucket: 'data' }] }
  const refusal = await refusalOf(() =>
    start({ version: 1, sites: [newSite, { ...newSite, id: 'a' }], rules: [goodRule, lost] }),
  )
  expect(refusal).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringMatching(/nowhere/) as string })
  const engine = await start(null)
  const held: unknown = JSON.parse(engine.api.config.export())
  await engine.stop()
  expect(held).toMatchObject({ sites: [], rules: [] })
})

test('a start with the same file tells of no change, and with another rule of that one', async () => {
  const world = await startWorld()
  const told = async (): Promise<readonly string[]> =>
    (await world.api().activity.list({ ruleId: null, level: null, before: null, limit: 100 })).flatMap(({ text }) =>
      /^Rule \w+ was/.test(text) ? [text] : [],
    )
  const first = await told()
  await world.stop()
  await world.start()
  expect([first, await told()]).toEqual([['Rule r was added.'], ['Rule r was added.']])
  await world.stop()
  await world.start({
    rules: [{ id: 'r', source: { site: 'a', bucket: 'data' }, targets: [{ site: 'b', bucket: 'data' }], priority: 9 }],
  })
  expect(await told()).toEqual(['Rule r was changed.', 'Rule r was added.'])
})
