import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { siteUpdateInput } from '../../shared/api/inputs.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { failures, retryAll, untilBadge, untilParked } from '../support/watch.ts'
import { sandboxKeys } from '../support/sandbox.ts'
import { startWorld, type World } from '../support/world.ts'

const wrongKeys = { accessKeyId: 'MISTYPEDACCESSKEY', secretAccessKey: 'mistyped/secret+key' } as const
const secrets = [...Object.values(sandboxKeys), ...Object.values(wrongKeys)]

/** Everything that can go wrong with keys in a message: refusals that quote the request, wrong keys, broken bodies. */
async function misfortunes(world: World): Promise<void> {
  const quoted = `Credential=${sandboxKeys.accessKeyId}/x, secret ${sandboxKeys.secretAccessKey}`
  world.b.faults.add({ on: 'PutObject', key: 'quoted', do: { kind: 'refuse', code: 'AccessDenied', message: quoted } })
  world.b.faults.add({ on: 'PutObject', key: 'broken', times: 2, do: { kind: 'reset' } })
  world.a.faults.add({ on: 'GetObject', key: 'cut', times: 1, do: { kind: 'cut-body', afterBytes: 3 } })
  for (const key of ['quoted', 'broken', 'cut']) await world.put(key)
  await untilParked(world, ['quoted'])
  const [site] = [{ id: 'b', name: 'Site B', endpoint: world.b.endpoint }]
  await world.api().sites.update(siteUpdateInput.parse({ ...site, credentials: wrongKeys }))
  await untilBadge(world, 'held', /does not know this access key/)
  await world.api().sites.update(siteUpdateInput.parse({ ...site, credentials: sandboxKeys }))
}

/** The refusal of a file that is broken where a secret stands. */
async function refusalOfText(world: World): Promise<string> {
  const refused: unknown = await world
    .api()
    .config.apply({ text: wrongKeys.secretAccessKey })
    .catch((error: unknown) => error)
  return refused instanceof FaultError ? JSON.stringify(refused.fault) : 'it was taken'
}

async function filesUnder(dir: string): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file)] as const)))
}

test('after all that can go wrong no key is in a log, a list, an export, the diagnostics or a file', async () => {
  const world = await startWorld()
  await misfortunes(world)
  const shown = async (): Promise<Record<string, string>> => ({
    log: world.log.join('\n'),
    failures: JSON.stringify(await failures(world)),
    history: JSON.stringify((await failures(world)).map(({ seq }) => world.api().failures.get({ seq }))),
    activity: JSON.stringify(await world.api().activity.list({ ruleId: null, level: null, before: null, limit: 500 })),
    sites: JSON.stringify(world.api().sites.list()),
    rules: JSON.stringify(world.api().rules.list()),
    overview: JSON.stringify(world.api().overview.get()),
    settings: JSON.stringify(world.api().settings.get()),
    diagnostics: world.api().diagnostics.get().text,
    export: world.api().config.export(),
  })
  const refusal = await refusalOfText(world)
  const during = await shown()
  world.b.faults.clear()
  await retryAll(world)
  expect(await differencesOnceSettled(world)).toEqual([])
  const after = await shown()
  const running = await filesUnder(world.dataDir)
  await world.stop()
  const stopped = await filesUnder(world.dataDir)
  expect(during['failures']).toContain('quoted')
  expect(refusal).toContain('CONFIG_INVALID')
  expect(running.size).toBeGreaterThan(0)
  const places = [
    ['refusal', refusal] as const,
    ...Object.entries(during),
    ...Object.entries(after),
    ...running,
    ...stopped,
  ]
  const found = places.flatMap(([place, content]) =>
    secrets.filter((secret) => Buffer.from(content).includes(secret)).map((secret) => `${secret} in ${place}`),
  )
  expect(found).toEqual([])
})

test('the secret path of the webhook is in no file, log, export, list or diagnostics', async () => {
  const world = await startWorld({ config: { notifications: { listen: '127.0.0.1:0' } } })
  const token = world.engine().webhookUrl!.split('/').at(-1)!
  const api = world.api()
  const shown = [
    world.log.join('\n'),
    api.config.export(),
    api.diagnostics.get().text,
    JSON.stringify([api.settings.get(), api.rules.list(), api.sites.list(), api.overview.get()]),
  ]
  const running = await filesUnder(world.dataDir)
  await world.stop()
  const stopped = await filesUnder(world.dataDir)
  const places = [...shown.map((text) => ['the API', Buffer.from(text)] as const), ...running, ...stopped]
  expect(places.filter(([, content]) => content.includes(token)).map(([place]) => place)).toEqual([])
})
