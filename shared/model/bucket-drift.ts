import type { BucketDrift, LinkView } from './rule.ts'

/** One drift of a bucket, with all rules that use it. */
export interface DriftCause extends BucketDrift {
  readonly id: string
  readonly ruleIds: readonly string[]
}

/** How the buckets of these links are not any more what they were: each drift once, the oldest first. */
export function driftCauses(links: readonly Pick<LinkView, 'ruleId' | 'drift'>[]): readonly DriftCause[] {
  const causes = new Map<string, DriftCause>()
  for (const { ruleId, drift } of links)
    for (const one of drift) {
      const id = `${one.what}/${one.at.site}/${one.at.bucket}`
      const known = causes.get(id)
      const ruleIds = [...new Set([...(known?.ruleIds ?? []), ruleId])]
      causes.set(id, { ...(known !== undefined && known.since <= one.since ? known : { id, ...one }), ruleIds })
    }
  return [...causes.values()].toSorted((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1))
}
