import type { Fault } from '../../shared/model/fault.ts'
import { readConfigFile } from '../engine/config/config-file.ts'
import { exitCodes, type CliIo, type ExitCode } from './io.ts'
import { serve, type Serving } from '../serve/serve.ts'
import { runUntilSignal } from '../process/stop-signal.ts'
import { watchStrayErrors } from '../process/stray-errors.ts'
import type { VaultSecretSource } from '../secrets/vault-secret.ts'

export interface ServeCliOptions {
  readonly data: string
  readonly config?: string | undefined
  readonly listen: { readonly host: string; readonly port: number }
  readonly passphraseFile?: string | undefined
  readonly keyFile?: string | undefined
}

/** `lockstep serve`: one JSON line when ready, then silence on stdout until a signal stops it. */
export async function serveUntilStopped(io: CliIo, options: ServeCliOptions): Promise<ExitCode> {
  const ready = ({ consoleUrl, gatewayUrl, webhookUrl }: Serving): void =>
    io.out(JSON.stringify({ console: consoleUrl, gateway: gatewayUrl, webhook: webhookUrl, pid: process.pid }))
  let serving: Serving | null = null
  watchStrayErrors(io, {
    log: io.err,
    note: (fault) => serving?.engine.noteStray(fault),
    end: (fault) => endFor(io, fault, serving),
  })
  await runUntilSignal(io, async () => (serving = await start(io, options)), ready)
  return exitCodes.yes
}

/** `EX_SOFTWARE` of sysexits.h: a supervisor starts it again. */
const failed = 70
const stopLimitMs = 10_000

function endFor(io: CliIo, { message }: Fault, serving: Serving | null): void {
  io.err(`Lockstep ends because of an error of its own: ${message}`)
  io.err(
    'Start it again: it goes on from its journal, and nothing that was acknowledged is lost. Please report the line above.',
  )
  io.later(stopLimitMs, () => io.abandon(failed))
  void (serving?.stop() ?? Promise.resolve()).then(
    () => io.abandon(failed),
    () => io.abandon(failed),
  )
}

async function start(io: CliIo, options: ServeCliOptions): Promise<Serving> {
  const config = options.config === undefined ? null : await readConfigFile(options.config)
  // Loaded only here, so that the short commands start fast.
  const { startEngine } = await import('../engine/engine.ts')
  return await serve({
    startEngine,
    config,
    dataDir: options.data,
    rendererDir: io.rendererDir,
    ...options.listen,
    credentials: secretSource(options),
    demo: null,
    environment: io.environment,
    version: io.version,
    log: io.err,
    say: io.err,
  })
}

function secretSource({ passphraseFile, keyFile }: ServeCliOptions): VaultSecretSource {
  if (passphraseFile !== undefined) return { kind: 'passphrase-file', file: passphraseFile }
  return keyFile === undefined ? { kind: 'made-here' } : { kind: 'key-file', file: keyFile }
}
