import { expect, test } from 'vitest'
import type { ConfigInput } from '../../shared/model/config.ts'
import { siteUpdateInput } from '../../shared/api/inputs.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { badge, failures, untilBadge } from '../support/watch.ts'
import { startWorld, type World } from '../support/world.ts'

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

function sitesWith(world: World, keysOfB: Partial<Keys>): NonNullable<ConfigInput['sites']> {
  return [world.a, world.b].map((site, index) => ({
    id: 'ab'[index]!,
    name: `Site ${'AB'[index]!}`,
    endpoint: site.endpoint,
    credentials: {
      accessKeyId: site.accessKeyId,
      secretAccessKey: site.secretAccessKey,
      ...(index === 1 ? keysOfB : {}),
    },
  }))
}

async function enterKeys(world: World, keys: Partial<Keys>): Promise<void> {
  await world.api().sites.update(siteUpdateInput.parse(sitesWith(world, keys)[1]))
}

const wrong = [
  {
    what: 'secret',
    keys: { secretAccessKey: 'not/the+secret' },
    text: /the secret key is wrong.*Enter the right secret/,
  },
  {
    what: 'access',
    keys: { accessKeyId: 'NOBODYSKEY' },
    text: /does not know this access key.*Enter the right access/,
  },
] as const

test.each(wrong)(
  'a wrong $what key at the start: the link waits and says so, until the right one is entered',
  async (case_) => {
    const world = await startWorld({ stopped: true })
    for (let at = 0; at < 12; at++) await world.put(`key-${at}`)
    await world.start({ sites: sitesWith(world, case_.keys) })
    await untilBadge(world, 'held', case_.text)
    expect(world.link()).toMatchObject({ parked: 0, failing: 0, settledCount: 0 })
    expect(await failures(world)).toEqual([])
    await enterKeys(world, {})
    expect(await differencesOnceSettled(world)).toEqual([])
    expect(badge(world).kind).toBe('in-step')
  },
)

test('keys that a site takes back in the middle park nothing: the link waits, and goes on with new ones', async () => {
  const world = await startWorld()
  // Also the look for writes of others has ended: otherwise the look is what the keys hold up, and what is told.
  await untilBadge(world, 'in-step')
  const refused = world.b.faults.add({ do: { kind: 'refuse', code: 'InvalidAccessKeyId' } })
  await Promise.all(Array.from({ length: 30 }, (_, at) => world.put(`key-${at}`)))
  await untilBadge(world, 'held', /does not know this access key/)
  await expect.poll(() => world.link()).toMatchObject({ backlogCount: 30, inFlight: 0, parked: 0 })
  refused.remove()
  await enterKeys(world, {})
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})

test('a lone change that meets a refused signature is tried again, not parked', async () => {
  const world = await startWorld()
  await world.settled()
  world.b.faults.add({ on: 'PutObject', key: 'alone', times: 1, do: { kind: 'refuse', code: 'SignatureDoesNotMatch' } })
  await world.put('alone')
  expect(await differencesOnceSettled(world)).toEqual([])
})
