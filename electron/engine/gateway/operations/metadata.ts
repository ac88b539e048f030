import type { GatewayOperation } from '../context.ts'
import { write } from './write.ts'

/** Tags, retention and legal hold: set on a version that is there already. */
export const changeMetadata: GatewayOperation = async (context, exchange) => {
  const { key, query } = exchange.call
  const body = await exchange.body.open()
  const operation = 'metadata'
  return write(context, exchange, {
    body,
    intended: [{ key, operation }],
    changes({ status, headers }) {
      const versionId = query.get('versionId') ?? headers['x-amz-version-id'] ?? null
      return status < 300 ? [{ key, operation, versionId, sizeBytes: null, changedAt: context.now() }] : []
    },
  })
}
