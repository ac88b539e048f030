import { PutObjectAclCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { compareInput } from '../../shared/api/inputs.ts'
import type { CompareLevel, CompareReport } from '../../shared/model/compare.ts'
import { grantsOf, setAcl } from '../support/acls.ts'
import { putParts } from '../support/s3-acts.ts'
import { ruleOf } from '../support/rule-of.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { untilParked } from '../support/watch.ts'
import { startWorld, type World, type WorldOptions } from '../support/world.ts'

const carrying: WorldOptions = { rules: [{ fidelity: { acl: 'carry' }, attributePass: 'off' }] }
const refusal = { kind: 'refuse', code: 'AccessControlListNotSupported' } as const

const grants = (world: World, side: 'a' | 'b', key: string): Promise<readonly string[]> =>
  grantsOf(world.s3[side], 'data', key)

const setUsers = (world: World, side: 'a' | 'b', Key: string): Promise<unknown> =>
  world.s3[side].send(
    new PutObjectAclCommand({
      Bucket: 'data',
      Key,
      AccessControlPolicy: {
        Owner: { ID: 'lockstep-sandbox' },
        Grants: [
          { Grantee: { Type: 'CanonicalUser', ID: 'lockstep-sandbox' }, Permission: 'FULL_CONTROL' },
          { Grantee: { Type: 'CanonicalUser', ID: 'somebody' }, Permission: 'READ' },
        ],
      },
    }),
  )

async function compare(world: World, level: CompareLevel = 'attributes'): Promise<CompareReport> {
  const { id } = await world.api().compare.start(compareInput.parse({ ruleId: 'r', level }))
  const report = (): CompareReport | null => world.api().compare.report({ jobId: id })
  await expect.poll(() => report()?.endedAt ?? null, { timeout: 60_000 }).not.toBeNull()
  return report()!
}

const notKept = async (world: World): Promise<Record<string, number>> =>
  Object.fromEntries(
    (await world.api().rules.fidelity(ruleOf(world)))[0]!.lines.flatMap(({ property, notKeptCount }) =>
      notKeptCount ? [[property, notKeptCount]] : [],
    ),
  )

test('a rule that says nothing of ACLs asks for none and leaves every copy private', async () => {
  const world = await startWorld()
  await world.put('open', 'x', { ACL: 'public-read' })
  await world.settled()
  expect(await compare(world)).toMatchObject({ verdict: 'equal' })
  expect([world.a.requests.count({ operation: 'GetObjectAcl' }), await grants(world, 'b', 'open')]).toEqual([0, []])
})

test('what is granted to everyone and to signed-in users is granted at the target, of bodies of every size', async () => {
  const world = await startWorld(carrying)
  const canned = ['private', 'public-read', 'public-read-write', 'authenticated-read'] as const
  for (const ACL of canned) await world.put(ACL, 'x', { ACL })
  await world.put('large', Buffer.alloc(3 * 1024 * 1024, 'x'), { ACL: 'public-read' })
  await putParts(world.s3.a, 'in parts', [100], { ACL: 'public-read' })
  await world.settled()
  for (const key of [...canned, 'large', 'in parts'])
    expect([key, await grants(world, 'b', key)]).toEqual([key, await grants(world, 'a', key)])
  expect(await grants(world, 'b', 'public-read')).toEqual(['AllUsers READ'])
  expect(await compare(world)).toMatchObject({ verdict: 'equal', exceptions: [] })
  expect([await world.failures(), await notKept(world)]).toEqual([[], {}])
  // A private object costs one request at the source, and none at the target.
  expect(world.b.requests.count({ operation: 'PutObjectAcl', key: 'private' })).toBe(0)
})

test('a grant to one user of the source goes to nobody at the target, and is counted', async () => {
  const world = await startWorld({ ...carrying, stopped: true })
  await world.put('shared')
  await setUsers(world, 'a', 'shared')
  await world.start()
  await world.settled()
  expect([await grants(world, 'a', 'shared'), await grants(world, 'b', 'shared')]).toEqual([['somebody READ'], []])
  expect(await notKept(world)).toEqual({ 'acl-users': 1 })
  expect(await compare(world)).toMatchObject({ verdict: 'equal', exceptions: [{ kind: 'acl-users', count: 1 }] })
})

test('an ACL that changes later is carried, both ways of change, and what the target granted to its own users stays', async () => {
  const world = await startWorld({ rules: [{ fidelity: { acl: 'carry' }, attributePass: { perSecond: 50 } }] })
  await world.put('opened')
  await world.put('closed', 'x', { ACL: 'public-read' })
  await world.settled()
  await setUsers(world, 'b', 'opened')
  await setAcl(world.s3.a, 'data', 'opened', 'public-read')
  await setAcl(world.s3.a, 'data', 'closed', 'private')
  await expect.poll(() => grants(world, 'b', 'closed'), { timeout: 40_000 }).toEqual([])
  await expect.poll(() => grants(world, 'b', 'opened'), { timeout: 40_000 }).toEqual(['AllUsers READ', 'somebody READ'])
}, 120_000)

test('a target that takes no ACLs gets the object without, counted and told by a comparison', async () => {
  const world = await startWorld({ ...carrying, stopped: true })
  world.b.faults.add({ on: 'PutObjectAcl', do: refusal })
  await world.put('open', 'x', { ACL: 'public-read' })
  await world.start()
  await world.settled()
  expect([await world.failures(), await notKept(world), (await world.sides()).b.length]).toEqual([[], { acl: 1 }, 1])
  expect(await compare(world)).toMatchObject({
    verdict: 'different',
    differences: [{ kind: 'acl', key: 'open', detail: expect.stringMatching(/everyone may read at the source/i) }],
  })
})

test('a copy that is more public than its source, and whose target takes no ACL, is a failure', async () => {
  const world = await startWorld({ rules: [{ fidelity: { acl: 'carry' }, attributePass: { perSecond: 50 } }] })
  await world.put('closed', 'x', { ACL: 'public-read' })
  await world.settled()
  world.b.faults.add({ on: 'PutObjectAcl', do: refusal })
  await setAcl(world.s3.a, 'data', 'closed', 'private')
  const [row] = await untilParked(world, ['closed'])
  expect(row!.fault).toMatchObject({ code: 'NOT_SUPPORTED', site: 'b' })
  expect(row!.fault.message).toMatch(/more public/)
})

test('a source that does not tell its ACL is not copied as if it were private', async () => {
  const world = await startWorld({ ...carrying, stopped: true })
  world.a.faults.add({ on: 'GetObjectAcl', key: 'secret', do: { kind: 'deny' } })
  await world.put('secret')
  await world.put('other')
  await world.start()
  const [row] = await untilParked(world, ['secret'])
  expect(row!.fault).toMatchObject({ code: 'ACCESS_DENIED', site: 'a' })
  expect(world.b.requests.count({ key: 'secret', operation: 'PutObject' })).toBe(0)
})

test('a refusal of the grant that is mended is made good by the next attempt, whatever the rule keeps in step', async () => {
  const world = await startWorld({
    rules: [{ fidelity: { acl: 'carry' }, attributePass: 'off', metadata: false }],
    stopped: true,
  })
  const denied = world.b.faults.add({ on: 'PutObjectAcl', do: { kind: 'deny' } })
  await world.put('open', 'x', { ACL: 'public-read' })
  await world.start()
  const [row] = await untilParked(world, ['open'])
  expect(row!.fault).toMatchObject({ code: 'ACCESS_DENIED', site: 'b' })
  denied.remove()
  await world.api().failures.retry({ seqs: [row!.seq] })
  await expect.poll(() => grants(world, 'b', 'open'), { timeout: 20_000 }).toEqual(['AllUsers READ'])
})

test('a comparison finds a copy that is more public or less, and cannot tell where an ACL is not told', async () => {
  const world = await startWorld(carrying)
  for (const key of ['less', 'more', 'same', 'silent']) await world.put(key, 'x', { ACL: 'public-read' })
  await world.settled()
  await world.api().rules.pause({ id: 'r' })
  world.b.faults.add({ on: 'GetObjectAcl', key: 'silent', do: { kind: 'deny' } })
  expect(await compare(world)).toMatchObject({ verdict: 'unknown', notSeen: { items: [{ key: 'silent' }] } })
  await setAcl(world.s3.b, 'data', 'less', 'private')
  await setAcl(world.s3.b, 'data', 'more', 'public-read-write')
  const report = await compare(world)
  expect(report.differences.map(({ kind, key }) => [kind, key])).toEqual([
    ['acl', 'less'],
    ['acl', 'more'],
  ])
  // Two pages, and of each version: two HEADs, tags and locks of both sides at the most, and both ACLs.
  expect(report.cost.requests).toBe(2 + 4 * 8)
})

test('a write through the gateway is answered when its grants are at the targets too, and so is a later change of them', async () => {
  const ack = { policy: 'all', timeoutMs: 30_000 } as const
  const world = await startWorld({
    rules: [{ fidelity: { acl: 'carry' }, attributePass: 'off', scanIntervalSeconds: 604_800, ack }],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  const client = gatewayClient(world.api())
  const at = { Bucket: 'data', Key: 'k' }
  await client.send(new PutObjectCommand({ ...at, Body: 'x', ContentType: 'text/plain', ACL: 'public-read' }))
  expect(await grants(world, 'b', 'k')).toEqual(['AllUsers READ'])
  await setAcl(client, 'data', 'k', 'private')
  expect(await grants(world, 'b', 'k')).toEqual([])
})
