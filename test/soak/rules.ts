import type { ConfigInput } from '../../shared/model/config.ts'
import type { RuleInput } from '../../shared/model/rule.ts'
import { everythingKey } from '../support/gateway.ts'
import { siteConfig } from '../support/site-config.ts'
import { siteNames, type SiteName, type Stage } from './stage.ts'

/** One rule of the soak; its bucket has its name at every site. */
export interface SoakRule {
  readonly id: string
  readonly source: SiteName
  readonly targets: readonly SiteName[]
  /** How clients write: through Lockstep's gateway, which answers by the rule's policy, or at the source itself. */
  readonly by: 'gateway' | 'source'
  readonly lock: boolean
  readonly ack: NonNullable<RuleInput['ack']>
}

/** Between vendors, every way of writing and each kind of answer. Oslo is where the gateway writes. */
export const soakRules: readonly SoakRule[] = [
  {
    id: 'every',
    source: 'oslo',
    targets: ['bergen', 'narvik'],
    by: 'gateway',
    lock: false,
    ack: { policy: 'all', timeoutMs: 8000, onTimeout: 'fail' },
  },
  {
    id: 'most',
    source: 'oslo',
    targets: ['bergen', 'narvik'],
    by: 'gateway',
    lock: false,
    ack: { policy: 'majority', timeoutMs: 2000, onTimeout: 'degrade' },
  },
  {
    id: 'plain',
    source: 'bergen',
    targets: ['oslo', 'narvik'],
    by: 'source',
    lock: false,
    ack: { policy: 'async' },
  },
  { id: 'held', source: 'oslo', targets: ['bergen'], by: 'source', lock: true, ack: { policy: 'async' } },
]

/** `ports`: fixed, so that clients and sites find the engine again after it was killed. */
export function soakConfig(stage: Stage, ports: { readonly gateway: number; readonly webhook: number }): ConfigInput {
  return {
    version: 1,
    sites: siteNames.map((name) => siteConfig(name, stage[name].seen)),
    rules: soakRules.map((rule) => ({
      id: rule.id,
      source: { site: rule.source, bucket: rule.id },
      targets: rule.targets.map((site) => ({ site, bucket: rule.id })),
      versionDeletes: true,
      // The load deletes and overwrites on purpose, and much.
      deleteBrake: null,
      overwriteBrake: null,
      scanIntervalSeconds: 10,
      attributePass: { perSecond: 100 },
      ack: rule.ack,
    })),
    gateway: { site: 'oslo', listen: `127.0.0.1:${ports.gateway}`, keys: [everythingKey] },
    notifications: { listen: `127.0.0.1:${ports.webhook}` },
  }
}
