import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import type { GatewaySettings } from '../../shared/model/gateway.ts'
import { eventually } from '../support/eventually.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { startWorld } from '../support/world.ts'

const onLoopback: GatewaySettings = { site: 'a', listen: '127.0.0.1:0', hostnames: [], tls: null }

test('a port that is taken is told as such, harms nothing else, and is used when it is free', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const listen = `127.0.0.1:${(other.address() as AddressInfo).port}`
  const world = await startWorld({ config: { gateway: { ...gatewayConfig, listen } } })
  expect(world.api().gateway.view().state).toMatchObject({
    kind: 'fault',
    fault: {
      code: 'CANNOT_LISTEN',
      message: `Another program listens on ${listen} already.`,
      remedy: 'Stop it and try again, or use another port.',
    },
  })
  await world.put('k')
  await world.settled()
  expect((await world.sides()).b).toEqual((await world.sides()).a)
  other.close()
  await once(other, 'close')
  const { state } = await world.api().gateway.update({ settings: { ...onLoopback, listen } })
  expect(state).toMatchObject({ kind: 'listening', url: `http://${listen}` })
})

test.each([
  ['an address of another computer', { listen: '203.0.113.7:0' }, '203.0.113.7 is no address of this computer.'],
  ['a port beyond the last', { listen: '127.0.0.1:70000' }, 'There is no port 70000.'],
  ['a missing certificate', { tls: { certFile: '/no/cert.pem', keyFile: '/no/key.pem' } }, '/no/cert.pem cannot be'],
  ['no certificate', { tls: { certFile: import.meta.filename, keyFile: import.meta.filename } }, 'The certificate '],
])('%s: the gateway says what is wrong', async (_name, wrong, message) => {
  const world = await startWorld()
  const { state } = await world.api().gateway.update({ settings: { ...onLoopback, ...wrong } })
  expect(state).toMatchObject({
    kind: 'fault',
    fault: { code: 'CANNOT_LISTEN', message: expect.stringContaining(message) },
  })
})

test('what clients send counts as written by them, and what they get as read', async () => {
  const world = await startWorld({ config: { gateway: gatewayConfig } })
  const client = gatewayClient(world.api())
  await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: Buffer.alloc(300_000) }))
  const counts = () => world.api().gateway.view().counts
  await eventually(() => expect(counts()).toMatchObject({ requests: 1, writtenBytes: 300_000 }))
  expect(counts().readBytes).toBeLessThan(2_000)
  const { Body } = await client.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' }))
  await Body!.transformToByteArray()
  await eventually(() => expect(counts()).toMatchObject({ requests: 2, writtenBytes: 300_000 }))
  expect(counts().readBytes).toBeGreaterThan(300_000)
  expect(counts().readBytes).toBeLessThan(310_000)
})
