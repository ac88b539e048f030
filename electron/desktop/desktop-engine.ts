import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { safeStorage } from 'electron'
import { readConfigFile } from '../engine/config/config-file.ts'
import { demoControlAt } from './demo-control.ts'
import type { DesktopArguments } from './arguments.ts'
import { takePrivateDirectory } from '../engine/base/private-files.ts'
import type { CredentialStore } from '../engine/site/credentials.ts'
import type { Engine } from '../engine/composition/options.ts'
import { startEngine } from '../engine/engine.ts'
import { openKeychain } from '../secrets/keychain.ts'
import { memoryCredentials } from '../secrets/memory-credentials.ts'
import { askPassphrase } from './passphrase-window.ts'
import { openVault } from '../secrets/vault.ts'
import { version } from '../process/version.ts'

export interface DesktopEngineOptions {
  readonly dataDir: string
  readonly args: DesktopArguments
  readonly passphrasePage: { readonly pageFile: string; readonly preload: string }
  readonly log: (line: string) => void
}

/** Opens the credentials and starts the engine. null when the operator closed the passphrase window. */
export async function startDesktopEngine(options: DesktopEngineOptions): Promise<Engine | null> {
  const { dataDir, args, log } = options
  takePrivateDirectory(dataDir)
  const config = args.configFile === null ? null : await readConfigFile(args.configFile)
  const demo = args.demoUrl === null ? null : demoControlAt(args.demoUrl, config?.sites[1]?.id ?? '')
  const credentials = demo === null ? await openCredentials(options) : memoryCredentials()
  if (credentials === null) return null
  return await startEngine({ dataDir, credentials, config, environment: process.env, log, demo, version })
}

async function openCredentials({ dataDir, passphrasePage }: DesktopEngineOptions): Promise<CredentialStore | null> {
  const keychain = await openKeychain(safeStorage, path.join(dataDir, 'keychain.json'), process.platform)
  if (keychain !== null) return keychain
  const file = path.join(dataDir, 'vault.json')
  const tryIt = (passphrase: string) => openVault({ file, secret: Buffer.from(passphrase), randomBytes })
  return await askPassphrase({ ...passphrasePage, tryIt })
}
