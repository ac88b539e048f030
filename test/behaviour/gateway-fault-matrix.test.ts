import { PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { failureListInput } from '../../shared/api/inputs.ts'
import type { RuleInput } from '../../shared/model/rule.ts'
import type { FaultAction } from '../../electron/engine/sandbox/fault-switch.ts'
import { versionsByKey } from '../compare/list-versions.ts'
import { eventually } from '../support/eventually.ts'
import { behindGateway } from '../support/gateway-world.ts'
import type { World } from '../support/world.ts'

// Source a/data, targets b/data and b/copy. Each cell breaks one place at one step, writes one key, heals, and looks.

type Ack = NonNullable<RuleInput['ack']>
const policies: Readonly<Record<string, Ack>> = {
  async: { policy: 'async' },
  one: { policy: 'one', timeoutMs: 1_500 },
  majority: { policy: 'majority', timeoutMs: 1_500 },
  all: { policy: 'all', timeoutMs: 1_500 },
  'all, degrade': { policy: 'all', timeoutMs: 1_500, onTimeout: 'degrade' },
}

interface Break {
  readonly site: 'a' | 'b'
  readonly bucket?: 'data' | 'copy'
  readonly does: FaultAction | 'offline'
  readonly times?: number
}

/** What is broken while the client writes. */
const breaks: Readonly<Record<string, Break>> = {
  'the source refuses': { site: 'a', does: { kind: 'deny' } },
  'the source breaks off before it has stored it': { site: 'a', does: { kind: 'reset' } },
  'the source breaks off after it has stored it': { site: 'a', does: { kind: 'lose-answer' } },
  'the source is offline': { site: 'a', does: 'offline' },
  'one target refuses': { site: 'b', bucket: 'copy', does: { kind: 'deny' } },
  'one target breaks off once before it has stored it': {
    site: 'b',
    bucket: 'copy',
    does: { kind: 'reset' },
    times: 1,
  },
  'one target breaks off once after it has stored it': {
    site: 'b',
    bucket: 'copy',
    does: { kind: 'lose-answer' },
    times: 1,
  },
  'one target is busy': { site: 'b', bucket: 'copy', does: { kind: 'slow-down' } },
  'one target answers too late': { site: 'b', bucket: 'copy', does: { kind: 'latency', delayMs: 3_000 } },
  'both targets are offline': { site: 'b', does: 'offline' },
}

const refused = '403 AccessDenied'
const unsure = '503 ServiceUnavailable'
const unconfirmed = '503 ReplicationNotConfirmed'
const done = 'success'
const everywhere = (heard: string): Record<string, string> =>
  Object.fromEntries(Object.keys(policies).map((policy) => [policy, heard]))
const lackOne = { async: done, one: done, majority: done, all: unconfirmed, 'all, degrade': done }

/** What the client hears, by policy. */
const heardIn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'the source refuses': everywhere(refused),
  'the source breaks off before it has stored it': everywhere(unsure),
  'the source breaks off after it has stored it': everywhere(unsure),
  'the source is offline': everywhere(unsure),
  // A refusal for good: a repetition would only store one more at the source.
  'one target refuses': { ...lackOne, all: '409 ReplicationRefused' },
  'one target breaks off once before it has stored it': everywhere(done),
  'one target breaks off once after it has stored it': everywhere(done),
  'one target is busy': lackOne,
  'one target answers too late': lackOne,
  'both targets are offline': {
    async: done,
    one: unconfirmed,
    majority: unconfirmed,
    all: unconfirmed,
    'all, degrade': done,
  },
}
const targetsPromised: Readonly<Record<string, number>> = { async: 0, one: 1, majority: 1, all: 2, 'all, degrade': 0 }

test.each(Object.entries(policies))(
  'policy %s: whatever fails at whatever step, the client hears the truth and the sites end in step',
  async (policy, ack) => {
    const world = await behindGateway(ack)
    const heard: Record<string, string> = {}
    const lies: string[] = []
    for (const [name, broken] of Object.entries(breaks)) {
      const key = name.replaceAll(/[^a-z]/g, '-')
      const mend = await breakIt(world, broken)
      heard[name] = await answerOf(world.client.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: name })))
      const atOnce = await copiesOf(world, key)
      if (heard[name] === done && (atOnce.a !== 1 || atOnce.b + atOnce.copy < targetsPromised[policy]!))
        lies.push(`${name}: success, and ${JSON.stringify(atOnce)}`)
      await mend()
      await healed(world)
      const { a, b, copy } = await copiesOf(world, key)
      const stored = name.startsWith('the source') && !name.endsWith('after it has stored it') ? 0 : 1
      if (a !== stored || b !== stored || copy !== stored)
        lies.push(`${name}: in the end ${JSON.stringify({ a, b, copy })}`)
    }
    expect({ heard, lies }).toEqual({
      heard: Object.fromEntries(Object.entries(heardIn).map(([name, answers]) => [name, answers[policy]])),
      lies: [],
    })
  },
  180_000,
)

/** Returns what mends it. */
async function breakIt(world: World, { site, bucket, does, times }: Break): Promise<() => Promise<void>> {
  const { faults } = world[site]
  if (does === 'offline') {
    await faults.goOffline()
    return () => faults.goOnline()
  }
  const fault = faults.add({
    on: 'PutObject',
    key: /^[^.]/,
    do: does,
    ...(bucket !== undefined && { bucket }),
    ...(times !== undefined && { times }),
  })
  return () => Promise.resolve(fault.remove())
}

async function answerOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
    return done
  } catch (error) {
    return error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)
  }
}

/** How many versions of the key each bucket holds. Asked of the sites themselves, which answer lists whatever else is broken. */
async function copiesOf({ a, b }: World, key: string) {
  const count = async (site: typeof a, bucket: string): Promise<number> => {
    try {
      for await (const found of versionsByKey({ site, bucket }, key))
        if (found.key === key) return found.versions.length
      return 0
    } catch {
      return 0
    }
  }
  return { a: await count(a, 'data'), b: await count(b, 'data'), copy: await count(b, 'copy') }
}

/** Both sites are back, what was parked is tried again, nothing is pending, and the rule keeps its promise. */
async function healed(world: World): Promise<void> {
  await eventually(
    () =>
      expect(
        world
          .api()
          .sites.list()
          .map(({ health }) => health.state),
      ).toEqual(['online', 'online']),
    {
      withinMs: 30_000,
    },
  )
  // What was answered as async may be parked only after its client has gone on.
  await eventually(
    async () => {
      const parked = (await world.api().failures.list(failureListInput.parse({ filter: { state: 'parked' } }))).rows
      if (parked.length > 0) await world.api().failures.retry({ seqs: parked.map(({ seq }) => seq) })
      await world.settled()
      expect(await world.failures()).toEqual([])
    },
    { withinMs: 20_000 },
  )
  await eventually(() => expect(world.api().rules.get({ id: 'r' }).degraded).toBe(null))
}
