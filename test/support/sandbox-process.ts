import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { freePort } from './ports.ts'
import type { SiteAccess } from './s3-site.ts'

const accessSchema = z.object({
  endpoint: z.url(),
  region: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
})

export interface SandboxProcess extends SiteAccess {
  /** kill -9; what was answered stays on disk. */
  kill(): Promise<void>
  /** At the same endpoint. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** A sandbox site that outlives the engine under test, and does not share its event loop with the test's own load. */
export async function startSandboxProcess(dir: string, identity: 'mints' | 'adopts-minio'): Promise<SandboxProcess> {
  const port = await freePort()
  let running = await launch(dir, identity, port)
  const kill = (): Promise<void> => running.kill()
  const restart = async (): Promise<void> => {
    running = await launch(dir, identity, port)
  }
  return { ...running.access, kill, restart, stop: kill }
}

async function launch(
  dir: string,
  identity: string,
  port: number,
): Promise<{ readonly access: SiteAccess; kill(): Promise<void> }> {
  const script = join(import.meta.dirname, 'sandbox-serve.ts')
  const command = ['--pdeathsig', 'KILL', '--', process.execPath, '--disable-warning=MaxListenersExceededWarning']
  const child = spawn('setpriv', [...command, script, dir, identity, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const line = once(createInterface({ input: child.stdout }), 'line')
  const first: unknown = await Promise.race([line.then(([text]: unknown[]) => text), ended])
  if (typeof first !== 'string') throw new Error('the sandbox site ended before it was ready')
  const kill = async (): Promise<void> => {
    const how = child.exitCode ?? child.signalCode
    if (how !== null && how !== 'SIGKILL') throw new Error(`The sandbox site ended by itself (${how}).`)
    child.kill('SIGKILL')
    await ended
  }
  return { access: accessSchema.parse(JSON.parse(first)), kill }
}
