import {
  DeleteObjectTaggingCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { gatewayClient, gatewayConfig } from '../support/gateway.ts'
import { differences } from '../support/in-step.ts'
import { startWorld } from '../support/world.ts'

interface At {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId: string
}

const until = (): Date => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)

const changes: Readonly<Record<string, (client: S3Client, at: At) => Promise<unknown>>> = {
  PutObjectTagging: (client, at) =>
    client.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'late', Value: 'yes' }] } })),
  DeleteObjectTagging: (client, at) => client.send(new DeleteObjectTaggingCommand(at)),
  PutObjectRetention: (client, at) =>
    client.send(new PutObjectRetentionCommand({ ...at, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: until() } })),
  PutObjectLegalHold: (client, at) =>
    client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } })),
}

test.each(Object.keys(changes))(
  '%s of an older version, which the source carried out and nobody heard of, comes to the target',
  async (operation) => {
    const world = await startWorld({
      objectLock: true,
      // Nothing else finds it.
      a: { changeStream: 'none' },
      rules: [{ ack: { policy: 'all', timeoutMs: 10_000 }, scanIntervalSeconds: 604_800, attributePass: 'off' }],
      config: { gateway: gatewayConfig },
    })
    const VersionId = await world.put('key', 'older', { Tagging: 'early=yes' })
    await world.put('key', 'newer')
    await world.settled()
    const client = gatewayClient(world.api())
    world.a.faults.add({ on: operation as 'PutObjectTagging', times: 1, do: { kind: 'lose-answer' } })
    await expect(changes[operation]!(client, { Bucket: 'data', Key: 'key', VersionId })).rejects.toThrow()
    await expect.poll(() => world.link().backlogCount, { timeout: 15_000 }).toBe(0)
    expect(await differences(world)).toEqual([])
  },
)
