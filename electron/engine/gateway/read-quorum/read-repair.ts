import type { Change } from '../../feed/port.ts'
import type { GatewayContext } from '../context.ts'
import type { Exchange } from '../exchange.ts'
import type { Copies } from '../replicas.ts'
import type { Holder, NewestVersion } from './resolve-newest.ts'

/** Leaves the copies that were found stale to the ordinary engine, unless it knows of the key already. Waits for nothing. */
export function repair(
  context: GatewayContext,
  exchange: Exchange,
  { rule }: Copies,
  { holders, stale }: NewestVersion,
): void {
  const { key } = exchange.call
  const holder = holders[0]
  if (holder === undefined || stale.length === 0) return
  const source = stale.find(({ copy }) => copy === null)
  const change = source === undefined ? fromSource(context, exchange, stale) : fromTarget(context, exchange, holder)
  if (change === 'no-way') context.cannotRepair(rule, key, holder.copy?.link.target ?? rule.source)
  else if (change !== null)
    // What is not written down here, the next read or scan finds again.
    context.intake.offer([change], { kind: 'client' }).catch(() => undefined)
}

/** Targets get what is current at the source. */
function fromSource(
  context: GatewayContext,
  { call: { bucket, key } }: Exchange,
  stale: readonly Holder[],
): Change | null {
  const { replicas, siteId } = context
  if (stale.every(({ copy }) => copy === null || replicas.isPending(copy.link, key))) return null
  const now = context.now()
  return { siteId, bucket, key, versionId: null, operation: 'put', sizeBytes: null, changedAt: now }
}

/** The source gets what was written elsewhere, where a rule copies back; its own lost versions no rule sends back. */
function fromTarget(context: GatewayContext, { call: { key } }: Exchange, holder: Holder): Change | 'no-way' | null {
  const { copy, versionId, deleteMarker, isStamped } = holder
  if (copy === null || versionId === null) return null
  if (copy.wayBack === null || isStamped || copy.isReplica(versionId)) return 'no-way'
  if (context.replicas.isPending(copy.wayBack, key)) return null
  const { site: siteId, bucket } = copy.link.target
  const operation = deleteMarker ? 'deleteMarker' : 'put'
  return { siteId, bucket, key, versionId, operation, sizeBytes: null, changedAt: context.now() }
}
