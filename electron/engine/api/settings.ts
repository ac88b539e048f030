import type { EngineApi, Settings } from '../../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { CredentialStore } from '../site/credentials.ts'
import type { EngineSettings } from '../config/settings.ts'
import type { Webhook } from '../feed/webhook.ts'
import type { LinkFeeds } from '../link/feeds/link-feeds.ts'
import type { Tell } from '../log/activity.ts'

export interface SettingsParts {
  readonly settings: EngineSettings
  /** null: the receiver is off. */
  readonly webhook: Pick<Webhook, 'address' | 'renewUrl'> | null
  readonly feeds: Pick<LinkFeeds, 'webhookMoved'>
  readonly tell: Tell
}

/** What the host said of this engine. */
export interface Hosted {
  readonly dataDir: string
  readonly credentials: Pick<CredentialStore, 'kind'>
  readonly version: string
}

const turnOn = 'Set “notifications” in the configuration, and start Lockstep again.'
const secretsIn = { keychain: 'keychain', vault: 'vault', memory: 'config' } as const

export function settingsApi({ settings, webhook, feeds, tell }: SettingsParts, options: Hosted): EngineApi['settings'] {
  const get = (): Settings => ({
    workers: settings.workers(),
    dataDir: options.dataDir,
    secretsIn: secretsIn[options.credentials.kind],
    webhook: webhook === null ? null : { address: webhook.address },
    version: options.version,
    runtime: `Node ${process.versions.node}, SQLite ${process.versions.sqlite ?? 'unknown'}`,
  })
  return {
    get,
    async update({ workers }) {
      await settings.setWorkers(workers)
      return get()
    },
    async renewWebhookUrl() {
      if (webhook === null) throw new FaultError(fault('NOT_FOUND', 'The webhook receiver is off.', { remedy: turnOn }))
      const url = await webhook.renewUrl()
      feeds.webhookMoved()
      tell('info', 'engine', 'The address of the webhook receiver was made anew: the one before is refused.')
      return { url }
    },
  }
}
