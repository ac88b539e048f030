import { expect, test } from 'vitest'
import type { FaultAction } from '../../electron/engine/sandbox/fault-switch.ts'
import type { FaultCode } from '../../shared/model/fault.ts'
import { differencesOnceSettled } from '../support/in-step.ts'
import { badge, failures, retryAll, untilBadge, untilParked } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

const refusals: readonly {
  readonly what: string
  readonly action: FaultAction
  readonly code: FaultCode
  readonly remedy: RegExp
}[] = [
  { what: 'tags', action: { kind: 'refuse', code: 'InvalidTag' }, code: 'TAG_REFUSED', remedy: /leave out tags/ },
  {
    what: 'metadata',
    action: { kind: 'refuse', code: 'MetadataTooLarge' },
    code: 'METADATA_OVER_LIMIT',
    remedy: /2 KiB/,
  },
  {
    what: 'key',
    action: { kind: 'refuse', code: 'KeyTooLongError' },
    code: 'KEY_NOT_ALLOWED',
    remedy: /Rename the object/,
  },
  {
    what: 'size',
    action: { kind: 'refuse', code: 'EntityTooLarge' },
    code: 'OBJECT_TOO_LARGE',
    remedy: /raise the target’s limit/,
  },
]

test.each(refusals)(
  'an object whose $what the target refuses is parked with what to do, and the others arrive',
  async ({ action, code, remedy }) => {
    const world = await startWorld()
    await world.settled()
    const refused = world.b.faults.add({ on: 'PutObject', key: 'too much', do: action })
    await world.put('too much', 'x', { Tagging: 'a=1', Metadata: { note: 'n' } })
    await world.put('modest')
    const [row] = await untilParked(world, ['too much'])
    expect(row!.fault).toMatchObject({ code, site: 'b', retry: 'never' })
    expect(row!.fault.remedy).toMatch(remedy)
    await untilBadge(world, 'failing', remedy)
    await expect.poll(async () => (await world.sides()).b.length, { timeout: 10_000 }).toBe(1)
    // A scan that finds it again must not send it again: nobody has mended anything.
    await world.settled()
    expect(refused.hits).toBe(1)
    refused.remove()
    await retryAll(world)
    expect(await differencesOnceSettled(world)).toEqual([])
  },
)

test('metadata that fits the source exactly leaves no room for the stamp of a replica: parked, not looped', async () => {
  const world = await startWorld()
  await world.put('full', 'x', { Metadata: { m: 'v'.repeat(2047) } })
  const [row] = await untilParked(world, ['full'])
  expect(row!.fault).toMatchObject({ code: 'METADATA_OVER_LIMIT', site: 'b' })
})

test('a full target holds the link, parks nothing, and takes everything when there is room again', async () => {
  const world = await startWorld()
  await world.settled()
  const full = world.b.faults.add({ on: 'PutObject', do: { kind: 'full' } })
  await Promise.all(Array.from({ length: 30 }, (_, at) => world.put(`key-${at}`)))
  await expect.poll(() => badge(world).text, { timeout: 10_000 }).toMatch(/full.* → Free space or raise the quota/s)
  expect(world.link().parked).toBe(0)
  for (const row of await failures(world)) expect(row.fault).toMatchObject({ code: 'QUOTA_EXCEEDED', site: 'b' })
  const asked = full.hits
  expect(asked).toBeLessThan(60)
  full.remove()
  expect(await differencesOnceSettled(world)).toEqual([])
  expect(await failures(world)).toEqual([])
})
