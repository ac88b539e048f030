import type { Change } from '../../feed/port.ts'
import type { Operation } from '../world.ts'
import { write } from './write.ts'

/** DeleteObject: a marker without a version id, a purge with one. */
export const deleteObject: Operation = async (world, exchange) => {
  const { key, query } = exchange.call
  const versionId = query.get('versionId') ?? null
  const operation: Change['operation'] = versionId === null ? 'deleteMarker' : 'deleteVersion'
  const body = await exchange.body.open()
  return write(world, exchange, {
    body,
    intended: [{ key, operation, versionId }],
    changes({ status, headers }) {
      if (status >= 300) return []
      const made = versionId ?? headers['x-amz-version-id'] ?? null
      return [{ key, operation, versionId: made, sizeBytes: null, changedAt: world.now() }]
    },
  })
}
