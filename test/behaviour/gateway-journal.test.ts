import { GetObjectCommand, PutObjectCommand, S3ServiceException } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { differencesOnceSettled } from '../support/in-step.ts'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { startWorld } from '../support/world.ts'

test('while the journal cannot be written, replicated writes are refused before anything is sent, and reads go on', async () => {
  const world = await startWorld({
    rules: [{ scanIntervalSeconds: 604_800, filter: { prefix: 'n' } }],
    config: { gateway: gatewayConfig },
    engine: { journalLimits: { maxPages: 90 } },
  })
  await world.settled()
  await world.b.faults.goOffline()
  const client = gatewayClient(world.api())
  const heard = new Map<string, string>()
  const put = async (key: string): Promise<string> => {
    const sent = client.send(new PutObjectCommand({ Bucket: 'data', Key: key, Body: key }))
    const answer = await sent.then(
      () => 'success',
      (error: unknown) => (error instanceof S3ServiceException ? error.message : String(error)),
    )
    heard.set(key, answer)
    return answer
  }
  const name = 'n'.repeat(900)
  for (let batch = 0; batch < 40 && [...heard.values()].every((answer) => answer === 'success'); batch++)
    await Promise.all(Array.from({ length: 20 }, (_, at) => put(`${name}-${batch}-${at}`)))

  world.a.requests.clear()
  expect(await put('n-late')).toMatch(/^Nothing was written: the replication journal cannot be written/)
  expect(world.a.requests.count({ operation: 'PutObject' })).toBe(0)
  expect(await put('of-no-rule')).toBe('success')
  const read = await client.send(new GetObjectCommand({ Bucket: 'data', Key: 'of-no-rule' }))
  expect(await read.Body!.transformToString()).toBe('of-no-rule')

  const acknowledged = [...heard].filter(([key, answer]) => answer === 'success' && key.startsWith('n')).length
  expect(acknowledged).toBeGreaterThan(0)
  await world.b.faults.goOnline()
  await world.stop()
  await world.start({}, { journalLimits: {} })
  expect(await differencesOnceSettled(world, { prefix: 'n' })).toEqual([])
})
