import { gatewayRights } from '../../shared/model/gateway-rights.ts'
import type { ConfigInput } from '../../shared/model/config.ts'
import { ruleSchema, type Rule, type RuleInput } from '../../shared/model/rule.ts'
import { siteConfig } from '../support/site-config.ts'
import type { SiteAccess } from '../support/s3-site.ts'

export interface SitePair {
  readonly source: SiteAccess
  readonly target: SiteAccess
}

/** What clients of the gateway sign with. */
export const clientKey = { accessKeyId: 'BENCH.CLIENT', secretAccessKey: 'bench/client+secret' } as const

/** Two sites and no rule yet; `webhook` starts the receiver of bucket notifications. */
export function configFor(
  { source, target }: SitePair,
  options: {
    readonly limit?: number
    readonly webhook?: boolean
    readonly rules?: readonly RuleInput[]
    readonly gateway?: boolean
  } = {},
): ConfigInput {
  return {
    version: 1,
    sites: [siteConfig('source', source), siteConfig('target', target)],
    rules: [...(options.rules ?? [])],
    ...(options.limit !== undefined && { workers: { limit: options.limit } }),
    ...(options.gateway === true && {
      gateway: { site: 'source', listen: '127.0.0.1:0', keys: [{ ...clientKey, rights: [...gatewayRights] }] },
    }),
    ...(options.webhook === true && { notifications: { listen: '127.0.0.1:0' } }),
  }
}

export function ruleFor(from: string, to: string, more: Partial<RuleInput> = {}): Rule {
  return ruleSchema.parse({
    id: to,
    source: { site: 'source', bucket: from },
    targets: [{ site: 'target', bucket: to }],
    ...more,
  })
}
