import type { GatewayOperation } from '../context.ts'
import { changeMetadata } from './metadata.ts'
import { passThrough } from './pass-through.ts'

/** A change like one of tags where a rule carries ACLs; no rule's business elsewhere. */
export const putObjectAcl: GatewayOperation = (context, exchange) => {
  const { bucket, key } = exchange.call
  const links = context.intake.linksFor({ siteId: context.siteId, bucket, key, operation: 'metadata' })
  const isCarried = links.some(({ rule }) => rule.fidelity.acl === 'carry')
  return isCarried ? changeMetadata(context, exchange) : passThrough(context, exchange)
}
