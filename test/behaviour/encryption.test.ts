import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { untilBadge, untilParked } from '../support/watch.ts'
import { startWorld } from '../support/world.ts'

test('an object under a key that only its owner has is parked by name, and the rest goes on', async () => {
  const world = await startWorld()
  await world.settled()
  const key = Buffer.alloc(32, 'k')
  await world.put('sealed', 'x', {
    SSECustomerAlgorithm: 'AES256',
    SSECustomerKey: key.toString('base64'),
    SSECustomerKeyMD5: createHash('md5').update(key).digest('base64'),
  })
  await world.put('open')
  const [row] = await untilParked(world, ['sealed'])
  expect(row!.fault).toMatchObject({ code: 'ENCRYPTION_KEY_NEEDED', site: 'a', retry: 'never' })
  expect(row!.fault.message).toMatch(/Object data\/sealed: /)
  expect(row!.fault.remedy).toContain('name it in the rule (fidelity.sseCKeys)')
  await untilBadge(world, 'failing', /1 item needs attention.*fidelity\.sseCKeys/)
  await expect.poll(async () => (await world.sides()).b).toEqual([expect.stringMatching(/^open /)])
})
