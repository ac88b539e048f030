import type { GatewayOperation } from '../context.ts'
import { passThrough } from './pass-through.ts'
import { write } from './write.ts'

/** Tags, retention and legal hold: set on a version that is there already. */
export const changeMetadata: GatewayOperation = async (context, exchange) => {
  const { key, query } = exchange.call
  const body = await exchange.body.open()
  const operation = 'metadata'
  const named = query.get('versionId') ?? null
  return write(context, exchange, {
    body,
    intended: [{ key, operation, versionId: named }],
    changes({ status, headers }) {
      const versionId = named ?? headers['x-amz-version-id'] ?? null
      return status < 300 ? [{ key, operation, versionId, sizeBytes: null, changedAt: context.now() }] : []
    },
  })
}

/** A change like one of tags where a rule carries ACLs; no rule's business elsewhere. */
export const putObjectAcl: GatewayOperation = (context, exchange) => {
  const { bucket, key } = exchange.call
  const links = context.intake.linksFor({ siteId: context.siteId, bucket, key, operation: 'metadata' })
  const isCarried = links.some(({ rule }) => rule.fidelity.acl === 'carry')
  return isCarried ? changeMetadata(context, exchange) : passThrough(context, exchange)
}
