import type { EngineApi, Settings } from '../../../shared/api/engine-api.ts'
import type { Parts } from '../parts.ts'
import type { EngineOptions } from '../start.ts'

const secretsIn = { keychain: 'keychain', vault: 'vault', memory: 'config' } as const

export function settingsApi({ settings, webhook }: Parts, options: EngineOptions): EngineApi['settings'] {
  const get = (): Settings => ({
    workers: settings.workers(),
    dataDir: options.dataDir,
    secretsIn: secretsIn[options.credentials.kind],
    webhook: webhook === null ? null : { url: webhook.url },
    version: options.version,
    runtime: `Node ${process.versions.node}, SQLite ${process.versions.sqlite ?? 'unknown'}`,
  })
  return {
    get,
    async update({ workers }) {
      await settings.setWorkers(workers)
      return get()
    },
  }
}
