import type { BucketAt, Rule } from '../../../shared/model/rule.ts'
import type { Site } from '../../../shared/model/site.ts'
import { bucketKey } from './link.ts'

export type SiteRef = Pick<Site, 'id' | 'endpoint'>

/** One rule's way from bucket to bucket. */
export interface Flow {
  readonly rule: Rule
  /** Where in the configuration, such as `rules.0.targets.1`. */
  readonly path: string
  readonly source: string
  readonly target: string
}

/** Where every rule brings what; `path` counts the rules as they are given. */
export function flowsOf(rules: readonly Rule[], sites: readonly SiteRef[]): readonly Flow[] {
  const place = placesOf(sites)
  return rules.flatMap((rule, index) => {
    const source = place(rule.source)
    return rule.targets.map((target, t) => {
      return { rule, path: `rules.${index}.targets.${t}`, source, target: place(target) }
    })
  })
}

/** Two site ids may name one endpoint: buckets are told apart by endpoint, not by id. */
function placesOf(sites: readonly SiteRef[]): (at: BucketAt) => string {
  const endpoints = new Map(sites.map((site) => [site.id, new URL(site.endpoint).origin]))
  return (at) => bucketKey({ site: endpoints.get(at.site) ?? at.site, bucket: at.bucket })
}
