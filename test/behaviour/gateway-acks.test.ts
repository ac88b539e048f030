import { DeleteObjectCommand, PutObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { RuleInput } from '../../shared/model/rule.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig, requests } from '../support/gateway.ts'
import { behindGateway } from '../support/gateway-world.ts'
import { startWorld, type World } from '../support/world.ts'

type Ack = NonNullable<RuleInput['ack']>

/** What the client heard of a put, and what each bucket had at that moment. */
async function putOf(client: S3Client, { a, b }: World, key: string): Promise<string> {
  const heard = await answerOf(client.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: `body of ${key}` })))
  const sides = [has(a, 'data', key), has(b, 'data', key), has(b, 'copy', key)]
  return `${heard}: ${sides.filter(Boolean).length} of 3 have it`
}

function has({ requests }: SandboxSite, bucket: string, key: string): boolean {
  return requests.count({ operation: 'PutObject', bucket, key, status: 200 }) > 0
}

async function answerOf(sent: Promise<unknown>): Promise<string> {
  try {
    await sent
    return 'success'
  } catch (error) {
    return error instanceof S3ServiceException ? `${error.$metadata.httpStatusCode} ${error.name}` : String(error)
  }
}

const late = { on: 'PutObject', bucket: 'copy', do: { kind: 'latency', delayMs: 60_000 } } as const
const ack = (more: Ack): Ack => ({ timeoutMs: 1_500, ...more })

test('all: no success before every target has it', async () => {
  const world = await behindGateway(ack({ policy: 'all', timeoutMs: 20_000 }))
  expect(await putOf(world.client, world, 'k')).toBe('success: 3 of 3 have it')
  expect(requests(world)[0]).toMatchObject({ operation: 'PutObject', key: 'k', status: 200, code: null, acks: '3/3' })
})

test.each([
  ['one', '2/3'],
  ['majority', '2/3'],
  ['async', '1/3'],
] as const)('%s: success does not wait for the slow target', async (policy, acks) => {
  const world = await behindGateway(ack({ policy }))
  world.b.faults.add(late)
  if (policy === 'async') world.b.faults.add({ ...late, bucket: 'data' })
  expect(await putOf(world.client, world, 'k')).toBe(`success: ${acks[0]} of 3 have it`)
  expect(requests(world)[0]).toMatchObject({ status: 200, acks })
})

test('fail: what was not confirmed in time is told so, stays queued, and arrives', async () => {
  const world = await behindGateway(ack({ policy: 'all' }))
  const fault = world.b.faults.add({ on: 'PutObject', bucket: 'copy', do: { kind: 'slow-down' } })
  expect(await putOf(world.client, world, 'k')).toBe('503 ReplicationNotConfirmed: 2 of 3 have it')
  expect(requests(world)[0]).toMatchObject({ status: 503, code: 'ReplicationNotConfirmed', acks: '2/3' })
  fault.remove()
  await world.settled()
  expect(has(world.b, 'copy', 'k')).toBe(true)
  expect(world.api().rules.get({ id: 'r' }).degraded).toBe(null)
})

test('fail: a target that refuses for good is told at once, not after the time limit', async () => {
  const world = await behindGateway(ack({ policy: 'all', timeoutMs: 60_000 }))
  world.b.faults.add({ on: 'PutObject', bucket: 'copy', do: { kind: 'deny' } })
  expect(await putOf(world.client, world, 'k')).toBe('409 ReplicationRefused: 2 of 3 have it')
})

test('degrade: success tells the true acks, the rule says that it is degraded, and recovers by itself', async () => {
  const world = await behindGateway(ack({ policy: 'all', onTimeout: 'degrade' }))
  const fault = world.b.faults.add({ on: 'PutObject', bucket: 'copy', do: { kind: 'slow-down' } })
  expect(await putOf(world.client, world, 'first')).toBe('success: 2 of 3 have it')
  expect(requests(world)[0]).toMatchObject({ status: 200, acks: '2/3' })
  const { degraded } = world.api().rules.get({ id: 'r' })
  expect(degraded?.reason).toBe('b/copy did not confirm a write in time.')
  expect(world.api().gateway.view().rules[0]).toMatchObject({ ruleId: 'r', needed: 3, sites: 3, degraded })

  const before = Date.now()
  await world.client.send(new PutObjectCommand({ Bucket: 'data', Key: 'second', Body: 'x' }))
  expect(Date.now() - before).toBeLessThan(1_400)
  expect(requests(world)[0]?.acks).toBe('1/3')

  fault.remove()
  await eventually(
    async () => {
      const { degraded, links } = world.api().rules.get({ id: 'r' })
      const pending = links.map(({ backlogCount, inFlight }) => ({ backlogCount, inFlight }))
      expect({ degraded, pending, failures: await world.failures() }).toMatchObject({ degraded: null })
    },
    { withinMs: 30_000 },
  )
  expect(await putOf(world.client, world, 'third')).toBe('success: 3 of 3 have it')
  expect(requests(world)[0]?.acks).toBe('3/3')
  const told = await world.api().activity.list({ ruleId: 'r', level: null, before: null, limit: 10 })
  expect(told.map(({ text }) => text.replace(/(?:less than )?\d+ s/, 'N s'))).toEqual(
    expect.arrayContaining([
      'Rule r keeps its promise “all” again, after N s.',
      'Rule r answers its clients as async for the time being, not as “all”: b/copy did not confirm a write in time.',
    ]),
  )
})

test('deletes are acknowledged as promised too', async () => {
  const world = await behindGateway(ack({ policy: 'all', timeoutMs: 20_000 }))
  await putOf(world.client, world, 'k')
  await world.client.send(new DeleteObjectCommand({ Bucket: 'data', Key: 'k' }))
  expect(requests(world)[0]).toMatchObject({ operation: 'DeleteObject', status: 204, acks: '3/3' })
  const markers = ['data', 'copy'].map((bucket) =>
    world.b.requests.count({ operation: 'DeleteObject', bucket, key: 'k' }),
  )
  expect(markers).toEqual([1, 1])
})

test('of two rules that want a key, the stricter promise holds', async () => {
  const world = await startWorld({
    buckets: ['data', 'copy'],
    rules: [
      { id: 'loose', scanIntervalSeconds: 604_800, ack: { policy: 'async' } },
      {
        id: 'strict',
        scanIntervalSeconds: 604_800,
        ack: { policy: 'all', timeoutMs: 1_500 },
        targets: [{ site: 'b', bucket: 'copy' }],
      },
    ],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  const client = gatewayClient(world.api())
  world.b.faults.add({ on: 'PutObject', bucket: 'data', do: { kind: 'slow-down' } })
  expect(await putOf(client, world, 'one')).toBe('success: 2 of 3 have it')
  world.b.faults.add({ on: 'PutObject', bucket: 'copy', do: { kind: 'slow-down' } })
  expect(await putOf(client, world, 'two')).toBe('503 ReplicationNotConfirmed: 1 of 3 have it')
})

test('a write that a client waits for goes before a backlog', async () => {
  const world = await startWorld({
    rules: [{ ack: { policy: 'all', timeoutMs: 8_000 } }],
    config: { gateway: gatewayConfig, workers: { limit: 2 } },
  })
  await world.settled()
  world.b.faults.add({ on: 'PutObject', bucket: 'data', do: { kind: 'latency', delayMs: 400 } })
  await world.api().rules.pause({ id: 'r' })
  for (let at = 0; at < 100; at++) await world.put(`backlog-${at}`)
  await eventually(() => expect(world.link().backlogCount).toBe(100))
  await world.api().rules.resume({ id: 'r' })
  const client = gatewayClient(world.api())
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'urgent', Body: 'x' }))
  expect(requests(world)[0]).toMatchObject({ key: 'urgent', acks: '2/2' })
  expect(world.link().backlogCount).toBeGreaterThan(60)
})
