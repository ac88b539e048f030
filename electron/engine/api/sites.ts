import type { EngineApi } from '../../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import type { Links } from '../link/links.ts'
import type { RuleBook } from '../rule/rule-book.ts'
import type { TargetGuard } from '../link/convergence/target-guard.ts'
import type { Tell } from '../log/activity.ts'
import { bucketViews, createBucketAs } from '../site/buckets.ts'
import type { Sites } from '../site/registry.ts'

export interface SitesParts {
  readonly sites: Sites
  readonly rules: Pick<RuleBook, 'ofSite'>
  readonly guard: Pick<TargetGuard, 'require' | 'sync'>
  readonly tell: Tell
  readonly links: Pick<Links, 'follow'>
}

/** A bucket in which Lockstep writes anyway. */
const writtenBucket = (rules: readonly Rule[], siteId: string): string | null =>
  rules.flatMap(({ targets }) => targets).find(({ site }) => site === siteId)?.bucket ?? null

export function sitesApi({ sites, rules, links, guard, tell }: SitesParts): EngineApi['sites'] {
  return {
    list: () => sites.list(),
    async create(site) {
      const view = await sites.create(site)
      tell('info', 'site', `Site ${view.name} was added.`, { siteId: view.id })
      return view
    },
    async update(site) {
      const view = await sites.update(site)
      // Another endpoint is another server: the links to it are new ones when the operator hears that it was changed.
      await links.follow()
      tell('info', 'site', `Site ${view.name} was changed.`, { siteId: view.id })
      return view
    },
    async setRegion({ id, region }) {
      const view = await sites.update({ ...sites.get(id), region })
      await links.follow()
      tell('info', 'site', `Site ${view.name} signs for region ${region} from now on.`, { siteId: id })
      return view
    },
    async remove({ id }) {
      const name = sites.name(id)
      await sites.remove(id)
      tell('info', 'site', `Site ${name} was removed.`)
    },
    async pause({ id }) {
      const view = sites.pause(id)
      tell('info', 'site', `Site ${view.name} was paused.`, { siteId: id })
      return view
    },
    async resume({ id }) {
      // Its rules are resumed with it.
      for (const rule of rules.ofSite(id)) await guard.require(rule)
      guard.sync()
      const view = sites.resume(id)
      tell('info', 'site', `Site ${view.name} was resumed.`, { siteId: id })
      return view
    },
    probe: ({ id }) => sites.probe(id),
    async profile({ id, bucket }) {
      const where = bucket ?? sites.view(id).profile?.probe?.bucket ?? writtenBucket(rules.ofSite(id), id)
      if (where !== null) return sites.probeProfile({ site: id, bucket: where })
      const remedy = 'Name a bucket in which a few small objects may be written for a moment.'
      throw new FaultError(fault('CONFIG_INVALID', `No rule writes to ${sites.name(id)}.`, { remedy }))
    },
    buckets: async ({ siteId }) => bucketViews(sites.store(siteId)),
    createBucket: async ({ siteId, bucket, ...wanted }) => createBucketAs(sites.store(siteId), bucket, wanted),
  }
}
