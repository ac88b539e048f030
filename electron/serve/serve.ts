/*
 * Serve host: the engine without a desktop, its console over HTTP on loopback. Called by the `serve` command and by the demo.
 */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { Config } from '../../shared/model/config.ts'
import { FaultError } from '../../shared/model/fault.ts'
import { takePrivateDirectory } from '../engine/base/private-files.ts'
import type { CredentialStore } from '../engine/site/credentials.ts'
import type { DemoControl, Engine, EngineOptions } from '../engine/composition/options.ts'
import { openConsoleSessions, type ConsoleSessions } from './console-sessions.ts'
import { newToken, removeControl, writeControl } from './control-file.ts'
import { startHttpHost, type HttpHost } from './http-host.ts'
import { openVault } from '../secrets/vault.ts'
import { lockedVault } from '../secrets/vault-renewal.ts'
import { readVaultSecret, type VaultSecretSource } from '../secrets/vault-secret.ts'

export type StartEngine = (options: EngineOptions) => Promise<Engine>

export interface ServeOptions {
  readonly startEngine: StartEngine
  readonly config: Config | null
  readonly dataDir: string
  readonly rendererDir: string
  readonly host: string
  readonly port: number
  readonly credentials: VaultSecretSource | CredentialStore
  readonly demo: DemoControl | null
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly log: (line: string) => void
  /** Told what the operator should know once. */
  readonly say: (line: string) => void
}

export interface Serving {
  readonly engine: Engine
  readonly url: string
  /** Opens the console, once. */
  readonly consoleUrl: string
  /** Another link of that kind. */
  newConsoleUrl(): string
  readonly webhookUrl: string | null
  /** Where the S3 gateway listens; null while it does not. */
  readonly gatewayUrl: string | null
  /** Stops the host, then the engine. */
  stop(): Promise<void>
}

/** The engine under plain Node with its console on loopback, and word left in the data directory for scripts. */
export async function serve(options: ServeOptions): Promise<Serving> {
  takePrivateDirectory(options.dataDir)
  const engine = await startOn(options, await credentialStore(options))
  const controlToken = newToken()
  const host = await hostOrStop(options, engine, controlToken)
  await writeControl(options.dataDir, { url: host.url, token: controlToken, pid: process.pid })
  return {
    engine,
    url: host.url,
    consoleUrl: host.consoleUrl,
    newConsoleUrl: () => host.newConsoleUrl(),
    webhookUrl: engine.webhookUrl,
    gatewayUrl: engine.gatewayUrl(),
    stop: async () => {
      await removeControl(options.dataDir)
      await host.close().finally(() => engine.stop())
    },
  }
}

async function credentialStore({ credentials, dataDir, say }: ServeOptions): Promise<CredentialStore> {
  if ('get' in credentials) return credentials
  try {
    const secret = await readVaultSecret(credentials, dataDir, say)
    return await openVault({ file: path.join(dataDir, 'vault.json'), secret, randomBytes })
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === 'VAULT_LOCKED')
      throw lockedVault(dataDir, error.fault.message, error)
    throw error
  }
}

function startOn(options: ServeOptions, credentials: CredentialStore): Promise<Engine> {
  const { startEngine, dataDir, config, environment, log, demo, version } = options
  return startEngine({ dataDir, credentials, config, environment, log, demo, version })
}

async function hostOrStop(options: ServeOptions, engine: Engine, controlToken: string): Promise<HttpHost> {
  const { rendererDir, host, port, dataDir } = options
  const sessions = await openConsoleSessions(dataDir, Date.now)
  const startOn = (at: number): Promise<HttpHost> =>
    startHttpHost({ api: engine.api, rendererDir, host, port: at, controlToken, sessions, newToken })
  try {
    const started = await (port === 0 ? startAsBefore(startOn, sessions) : startOn(port))
    await sessions.servedOn(Number(new URL(started.url).port)).catch(() => undefined)
    return started
  } catch (error) {
    await engine.stop()
    throw error
  }
}

/** Where nobody chose a port: the last one, where pages that are still open ask, unless somebody else has it now. */
async function startAsBefore(
  startOn: (port: number) => Promise<HttpHost>,
  { lastPort }: ConsoleSessions,
): Promise<HttpHost> {
  if (lastPort === null) return startOn(0)
  return startOn(lastPort).catch(() => startOn(0))
}
