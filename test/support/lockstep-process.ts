import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { createInterface } from 'node:readline'
import { createTRPCClient, httpLink, type TRPCClient } from '@trpc/client'
import { z } from 'zod'
import type { ConfigInput } from '../../shared/model/config.ts'
import type { Router } from '../../shared/api/router.ts'
import { strippedThreads } from './stripped-threads.mjs'

const program = join(import.meta.dirname, '../../build/lockstep.mjs')

/** The line that `lockstep serve` prints once, when it is ready. */
const readySchema = z.object({
  console: z.url(),
  webhook: z.url().nullable(),
  gateway: z.url().nullable(),
  pid: z.int(),
})
export type Ready = Readonly<z.infer<typeof readySchema>>

const controlSchema = z.object({ url: z.url(), token: z.string() })

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What `--json` printed. */
  json(): unknown
}

export interface LockstepOptions {
  /** Holds the configuration, the journal and the vault; made when it is not there. */
  readonly dir: string
  readonly config: ConfigInput
  readonly environment?: Readonly<Record<string, string>>
  /** The command. Default: that of this source. */
  readonly program?: string
  /** Node’s own options, before the program. */
  readonly nodeArgs?: readonly string[]
  /** The test makes errors that nobody catches. Otherwise one of them, or an end by itself, fails it when the engine is stopped. */
  readonly toleratesStrays?: boolean
}

/** The engine as its users run it: a process of its own, asked over its command line and its API. */
export interface Lockstep {
  readonly ready: Ready
  readonly api: TRPCClient<Router>
  readonly dataDir: string
  /** Lines that it wrote to stderr, the last few thousand. */
  readonly logs: readonly string[]
  /** `lockstep NAME … --data D --json`. */
  cli(...args: readonly string[]): Promise<CliResult>
  /** `wait --settled`; throws with what is pending or parked when that does not come true in time. */
  untilSettled(withinSeconds: number): Promise<void>
  /** A full pass of every rule over both sides, then {@link untilSettled}: all that was written before is in step. */
  bringInStep(withinSeconds: number): Promise<void>
  kill9(): Promise<void>
  stop(): Promise<void>
}

export async function startLockstep(options: LockstepOptions): Promise<Lockstep> {
  const dataDir = join(options.dir, 'data')
  const started = await spawnLockstep(options)
  const ready = await started.ready
  const { url, token } = controlSchema.parse(JSON.parse(await readFile(join(dataDir, 'control.json'), 'utf8')))
  const link = httpLink({ url: `${url}/api`, headers: { authorization: `Bearer ${token}` } })
  const api = createTRPCClient<Router>({ links: [link] })
  const cli = (...args: readonly string[]): Promise<CliResult> => runCli([...args, '--data', dataDir, '--json'])
  const untilSettled = async (withinSeconds: number): Promise<void> => {
    const { code, stdout, stderr } = await cli('wait', '--settled', '--timeout', String(withinSeconds))
    const { parked } = await api.overview.get.query().then((view) => view.totals)
    if (code !== 0 || parked > 0) throw new Error(`not settled: ${stdout}${stderr}${await failuresText(api)}`)
  }
  return {
    ready,
    api,
    dataDir,
    logs: started.logs,
    cli,
    untilSettled,
    bringInStep: async (withinSeconds) => {
      await resyncAll(api, withinSeconds)
      await untilSettled(withinSeconds)
    },
    kill9: () => endSoundly(started, started.kill9, options),
    stop: () => endSoundly(started, started.stop, options),
  }
}

/** Once: what is stopped again has ended already, and was looked at then. */
async function endSoundly(
  started: StartedProcess,
  end: () => Promise<void>,
  { toleratesStrays = false }: LockstepOptions,
): Promise<void> {
  if (started.isLookedAt) return
  started.isLookedAt = true
  const { exitCode, signalCode } = started.child
  await end()
  if (toleratesStrays) return
  const strays = started.logs.filter((line) => line.includes('"subject":"process"'))
  if (strays.length > 0) throw new Error(`The engine met errors that nobody caught:\n${strays.join('\n')}`)
  if (exitCode !== null || signalCode !== null)
    throw new Error(`The engine ended by itself (${exitCode ?? signalCode}):\n${started.logs.slice(-20).join('\n')}`)
}

export interface StartedProcess {
  isLookedAt: boolean
  readonly child: ChildProcess
  readonly logs: readonly string[]
  /** Rejects with the log when the process ends before it is ready. */
  readonly ready: Promise<Ready>
  readonly kill9: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts the process and does not wait for it: for those who kill it while it starts. */
export async function spawnLockstep(options: LockstepOptions): Promise<StartedProcess> {
  await mkdir(options.dir, { recursive: true })
  const configFile = join(options.dir, 'lockstep.config.json')
  await writeFile(configFile, JSON.stringify(options.config, null, 2), { mode: 0o600 })
  const args = [options.program ?? program, 'serve', '--config', configFile, '--data', join(options.dir, 'data')]
  // Ends with this process, however that dies.
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', process.execPath, ...strippedThreads, ...(options.nodeArgs ?? []), ...args],
    {
      env: { ...process.env, ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const logs = collectLines(child.stderr)
  const ended = once(child, 'exit')
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await ended
  }
  return {
    isLookedAt: false,
    child,
    logs,
    ready: readyLine(child, ended, logs),
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

async function readyLine(child: ChildProcess, ended: Promise<unknown>, logs: readonly string[]): Promise<Ready> {
  const line = once(createInterface({ input: child.stdout! }), 'line')
  const first: unknown = await Promise.race([line.then(([text]: unknown[]) => text), ended.then(() => null)])
  if (typeof first !== 'string') throw new Error(`lockstep serve ended before it was ready:\n${logs.join('\n')}`)
  return readySchema.parse(JSON.parse(first))
}

function collectLines(stream: ChildProcess['stderr']): readonly string[] {
  const lines: string[] = []
  createInterface({ input: stream! }).on('line', (line) => {
    lines.push(line)
    if (lines.length > 5000) lines.splice(0, 1000)
  })
  return lines
}

export async function runCli(args: readonly string[]): Promise<CliResult> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  await once(child, 'close')
  return { code: child.exitCode ?? -1, stdout, stderr, json: () => JSON.parse(stdout) }
}

async function resyncAll(api: TRPCClient<Router>, withinSeconds: number): Promise<void> {
  const deadlineAt = Date.now() + withinSeconds * 1000
  const rules = await api.rules.list.query()
  const started = await Promise.all(rules.map((rule) => api.rules.resync.mutate({ ruleId: rule.id })))
  const ids = new Set(started.map((pass) => pass.id))
  for (;;) {
    const passes = (await api.jobs.list.query()).filter((pass) => ids.has(pass.id))
    const bad = passes.find((pass) => pass.state === 'failed' || pass.state === 'cancelled')
    if (bad !== undefined) throw new Error(`${bad.title}: ${bad.fault?.message ?? bad.state}`)
    if (passes.every((pass) => pass.state === 'done')) return
    if (Date.now() > deadlineAt) throw new Error(`resync did not end within ${withinSeconds} s`)
    await wait(100)
  }
}

async function failuresText(api: TRPCClient<Router>): Promise<string> {
  const { total, rows } = await api.failures.list.query({ limit: 5 })
  const lines = rows.map((row) => `${row.operation} ${row.key}: ${row.fault.code} ${row.fault.message}`)
  return `${total} failures\n${lines.join('\n')}`
}
