import type { Operation } from '../world.ts'
import { changeMetadata } from './metadata.ts'
import { passThrough } from './pass-through.ts'

/** A change like one of tags where a rule carries ACLs; no rule's business elsewhere. */
export const putObjectAcl: Operation = (world, exchange) => {
  const { bucket, key } = exchange.call
  const links = world.intake.linksFor({ siteId: world.siteId, bucket, key, operation: 'metadata' })
  const isCarried = links.some(({ rule }) => rule.fidelity.acl === 'carry')
  return isCarried ? changeMetadata(world, exchange) : passThrough(world, exchange)
}
