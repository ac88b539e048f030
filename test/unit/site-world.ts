import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import type { Clock } from '../../electron/engine/base/clock.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import type { Journal } from '../../electron/engine/journal/port/journal.ts'
import { createSandboxSite, type SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import type { SandboxIdentity } from '../../electron/engine/sandbox/exchange.ts'
import type { KeyPair } from '../../electron/engine/s3/key-pair.ts'
import { systemNetwork } from '../../electron/engine/site/network.ts'
import { createSites, type SiteChange, type Sites, type SitesOptions } from '../../electron/engine/site/registry.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import type { SiteWithCredentials } from '../../shared/model/site.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'

export const keys: KeyPair = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a-secret-that-stays-in' }

export interface SiteWorld {
  readonly sites: Sites
  readonly journal: Journal
  readonly credentials: SitesOptions['credentials']
  readonly random: () => number
  /** `site change` and `site state code`, in order of arrival. */
  readonly heard: string[]
  sandbox(id: string, identity?: SandboxIdentity): Promise<SandboxSite>
  /** Another registry on the same journal and credentials, as after a restart. */
  again(): Promise<Sites>
  end(): Promise<void>
}

/** Sites on a journal of their own, with sandbox sites as asked for. */
export async function openSiteWorld(clock: Clock, more: Partial<SitesOptions> = {}): Promise<SiteWorld> {
  const dir = await makeTempDir('sites')
  const journal = openJournal({ dir: dir.path, now: () => clock.now() })
  const random = new Random(7)
  const heard: string[] = []
  const sandboxes: SandboxSite[] = []
  const opened: Sites[] = []
  const options: SitesOptions = {
    records: journal.records,
    credentials: memoryCredentials(),
    environment: {},
    openStore: (site, pair, onRegion, onRequest) => createStore({ site, keys: pair, sockets: 8, onRegion, onRequest }),
    network: systemNetwork,
    clock,
    random: () => random.next(),
    usedBy: () => [],
    onChange: (siteId: string, change: SiteChange) => void (change === 'health' || heard.push(`${siteId} ${change}`)),
    onTransition: (siteId, state, why) => void heard.push(`${siteId} ${state} ${why?.code ?? ''}`.trimEnd()),
    onDrift: (siteId, drift) => void heard.push(`${siteId} drift ${drift.map(({ id }) => id).join(' ')}`),
    ...more,
  }
  const again = async (): Promise<Sites> => {
    const sites = createSites(options)
    opened.push(sites)
    await sites.start()
    return sites
  }
  return {
    sites: await again(),
    journal,
    credentials: options.credentials,
    random: options.random,
    heard,
    again,
    async sandbox(id, identity = 'mints') {
      const site = await createSandboxSite({ dir: `${dir.path}/${id}`, ...keys, identity })
      sandboxes.push(site)
      return site
    },
    async end() {
      await Promise.all(opened.map((sites) => sites.stop()))
      await Promise.all(sandboxes.map((site) => site.close()))
      await journal.close()
      await dir.remove()
    },
  }
}

export const siteAt = (
  id: string,
  endpoint: string,
  credentials: SiteWithCredentials['credentials'] = keys,
): SiteWithCredentials => ({
  id,
  name: `Site ${id.toUpperCase()}`,
  endpoint,
  region: 'us-east-1',
  pathStyle: true,
  tls: { insecureSkipVerify: false },
  credentials,
})
