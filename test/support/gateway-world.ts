import type { S3Client } from '@aws-sdk/client-s3'
import type { RuleInput } from '../../shared/model/rule.ts'
import { gatewayClient, gatewayConfig } from './gateway.ts'
import { startWorld, type World } from './world.ts'

/** From a/data to b/data and b/copy, behind a gateway; no scan helps. */
export async function behindGateway(
  ack: NonNullable<RuleInput['ack']>,
): Promise<World & { readonly client: S3Client }> {
  const world = await startWorld({
    buckets: ['data', 'copy'],
    rules: [
      {
        ack,
        scanIntervalSeconds: 604_800,
        targets: [
          { site: 'b', bucket: 'data' },
          { site: 'b', bucket: 'copy' },
        ],
      },
    ],
    config: { gateway: gatewayConfig },
  })
  await world.settled()
  return { ...world, client: gatewayClient(world.api()) }
}
