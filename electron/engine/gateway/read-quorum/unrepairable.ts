import type { Tell } from '../../log/activity.ts'
import type { GatewayContext } from '../context.ts'

/** Keys that are remembered: a client that reads one again and again is told of once. */
const remembered = 1000

/** Tells the operator of a source that is older than a copy, where no rule brings the newer version there: once of each key. */
export function unrepairableTeller(tell: Tell): GatewayContext['cannotRepair'] {
  const told = new Set<string>()
  return ({ id, source }, key, { site, bucket }) => {
    const text =
      `Clients that read “${key}” get it from ${site}/${bucket}: ${source.site}/${source.bucket} has an older version, ` +
      'and no rule brings the newer one there. Copy it there, or delete it where it is.'
    if (told.has(text)) return
    if (told.size >= remembered) told.clear()
    told.add(text)
    tell('warning', 'gateway', text, { ruleId: id })
  }
}
