import type { Change } from '../../feed/port.ts'
import type { GatewayOperation } from '../context.ts'
import { write } from './write.ts'

/** DeleteObject: a marker without a version id, a purge with one. */
export const deleteObject: GatewayOperation = async (context, exchange) => {
  const { key, query } = exchange.call
  const versionId = query.get('versionId') ?? null
  const operation: Change['operation'] = versionId === null ? 'deleteMarker' : 'deleteVersion'
  const body = await exchange.body.open()
  return write(context, exchange, {
    body,
    intended: [{ key, operation, versionId }],
    changes({ status, headers }) {
      if (status >= 300) return []
      const made = versionId ?? headers['x-amz-version-id'] ?? null
      return [{ key, operation, versionId: made, sizeBytes: null, changedAt: context.now() }]
    },
  })
}
