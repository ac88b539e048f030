import { expect, test } from 'vitest'
import { gatewayKeyInput } from '../../shared/api/inputs.ts'
import { declaredGatewayKeySchema } from '../../shared/model/gateway.ts'
import { gatewayRights, rightsText } from '../../shared/model/gateway-rights.ts'

const secret = { accessKeyId: 'CLIENT.KEY', secretAccessKey: 'client/secret+key' }
const declared = (grant: object) => declaredGatewayKeySchema.parse({ ...secret, ...grant })
const complaints = (grant: object) =>
  declaredGatewayKeySchema.safeParse({ ...secret, ...grant }).error?.issues.map(({ message }) => message)

test('what older files call access is rights once it is read, and nothing else comes out', () => {
  const none = { ...secret, buckets: [], prefixes: [], expiresAt: null }
  expect([declared({ access: 'read' }), declared({ access: 'readWrite' }), declared({})]).toEqual([
    { ...none, rights: ['read'] },
    { ...none, rights: ['read', 'write', 'delete', 'tags'] },
    { ...none, rights: ['read', 'write', 'delete', 'tags'] },
  ])
})

test('rights are each named once and in one order, and never beside access', () => {
  expect(declared({ rights: ['tags', 'read', 'tags'] }).rights).toEqual(['read', 'tags'])
  expect(complaints({ rights: ['read'], access: 'readWrite' })).toEqual(['name either rights or access, not both'])
  expect(complaints({ rights: [] })).toHaveLength(1)
  expect(complaints({ rights: ['readWrite'] })).toHaveLength(1)
})

test('an instant is read from its words or its number, and a day without a time is refused', () => {
  const endsAt = Date.UTC(2027, 0, 31, 17)
  expect(declared({ expiresAt: '2027-01-31T18:00:00+01:00' }).expiresAt).toBe(endsAt)
  expect(declared({ expiresAt: endsAt }).expiresAt).toBe(endsAt)
  expect(complaints({ expiresAt: '2027-01-31' })).toHaveLength(1)
})

test('a key made in the console names its rights', () => {
  expect(gatewayKeyInput.safeParse({ label: 'x' }).success).toBe(false)
  expect(gatewayKeyInput.safeParse({ label: 'x', access: 'readWrite' }).success).toBe(false)
  expect(gatewayKeyInput.parse({ label: 'x', rights: gatewayRights }).rights).toEqual(gatewayRights)
})

test('rights are told as a sentence', () => {
  expect([rightsText(['read']), rightsText(['read', 'write', 'tags']), rightsText(gatewayRights)]).toEqual([
    'read',
    'read, write and set tags',
    'do everything',
  ])
})
