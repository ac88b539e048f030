import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { binaryOf, ensureGoProgram, type GoProgram } from './go-program.ts'
import type { Availability } from './install.ts'
import { freePort } from './ports.ts'
import type { SiteAccess } from './s3-site.ts'
import { makeTempDir } from './temp.ts'

const versitygw: GoProgram = {
  name: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  version: 'v1.8.0',
}

export interface VersitygwSite extends SiteAccess {
  readonly name: string
  /** Where the current versions lie, a folder for each bucket and a plain file for each object. */
  readonly dataDir: string
  /** kill -9; the objects stay on disk. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Builds Versity's S3 gateway from source once (about two minutes on two cores) into node_modules/.cache. */
export function ensureVersitygw(): Promise<Availability> {
  return ensureGoProgram(versitygw)
}

/** An S3 gateway over a folder: mints version ids of its own, keeps objects as plain files. */
export async function startVersitygwSite(options: { readonly name: string }): Promise<VersitygwSite> {
  const dir = await makeTempDir(`versitygw-${options.name}`)
  for (const part of ['data', 'versions']) await mkdir(join(dir.path, part))
  const port = await freePort()
  const access: SiteAccess = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    accessKeyId: `versity${options.name}`,
    secretAccessKey: `versity-${options.name}-secret`,
  }
  let server: ChildProcess
  const restart = async (): Promise<void> => {
    server = launch(dir.path, port, access)
    await eventually(() => answers(access.endpoint), { withinMs: 60_000 })
  }
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  await restart()
  const stop = async (): Promise<void> => {
    await kill()
    await dir.remove()
  }
  return { ...access, name: options.name, dataDir: join(dir.path, 'data'), kill, restart, stop }
}

function launch(dir: string, port: number, access: SiteAccess): ChildProcess {
  const listen = ['--port', `127.0.0.1:${port}`, '--health', '/health', '--keep-alive', '--quiet']
  // Metadata in extended attributes: beside the files it comes a moment after them, and a reader meets objects without.
  const store = ['posix', '--versioning-dir', join(dir, 'versions'), join(dir, 'data')]
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    ROOT_ACCESS_KEY_ID: access.accessKeyId,
    ROOT_SECRET_ACCESS_KEY: access.secretAccessKey,
  }
  // Ends with this process, however it dies.
  const command = ['--pdeathsig', 'KILL', '--', binaryOf(versitygw), ...listen, ...store]
  return spawn('setpriv', command, { env, stdio: 'ignore' })
}

async function answers(endpoint: string): Promise<void> {
  const reply = await fetch(`${endpoint}/health`)
  if (!reply.ok) throw new Error(`versitygw is not ready: ${reply.status}`)
}
