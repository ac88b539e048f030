import type { EngineApi, Settings } from '../../../shared/api/engine-api.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Parts } from '../parts.ts'
import type { EngineOptions } from '../start.ts'

const turnOn = 'Set “notifications” in the configuration, and start Lockstep again.'
const secretsIn = { keychain: 'keychain', vault: 'vault', memory: 'config' } as const

export function settingsApi({ settings, webhook, feeds, tell }: Parts, options: EngineOptions): EngineApi['settings'] {
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
