import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { ensurePackages, packagesOf, type Availability } from './install.ts'
import { freePort } from './ports.ts'
import type { SiteAccess } from './s3-site.ts'
import { makeTempDir } from './temp.ts'

const run = promisify(execFile)

/** The last version that the Go module proxy has; a test peer only, never shipped. */
const minioVersion = 'v0.0.0-20260212201848-7aac2a2c5b7c'
const cacheDir = join(import.meta.dirname, '../../node_modules/.cache/minio', minioVersion)
const binary = join(cacheDir, 'minio')

export interface MinioSite extends SiteAccess {
  readonly name: string
  /** kill -9; the objects stay on disk. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Builds MinIO from source once (about three minutes on two cores) into node_modules/.cache. */
export async function ensureMinio(): Promise<Availability> {
  if (existsSync(binary)) return { ok: true }
  const go = hasGo() ? ({ ok: true } as const) : await ensurePackages(packagesOf.go)
  if (!go.ok) return go
  await mkdir(cacheDir, { recursive: true })
  process.stderr.write('Building MinIO from source …\n')
  try {
    const env = { ...process.env, GOBIN: cacheDir, CGO_ENABLED: '0' }
    await run('go', ['install', `github.com/minio/minio@${minioVersion}`], { env, maxBuffer: 64 << 20 })
    return { ok: true }
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return { ok: false, reason: `MinIO could not be built: ${said ?? ''}` }
  }
}

export interface MinioOptions {
  readonly name: string
  /** Keys that its own key service holds, in memory; none: it encrypts nothing. */
  readonly kmsKey?: string
}

export async function startMinioSite(options: MinioOptions): Promise<MinioSite> {
  const dir = await makeTempDir(`minio-${options.name}`)
  const port = await freePort()
  const access: SiteAccess = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    accessKeyId: `minio${options.name}`,
    secretAccessKey: `minio-${options.name}-secret`,
  }
  let server: ChildProcess
  const restart = async (): Promise<void> => {
    server = launch(dir.path, port, access, options.kmsKey)
    await eventually(() => answers(access.endpoint), { withinMs: 60_000 })
  }
  const kill = (): Promise<void> => end(server)
  await restart()
  const stop = async (): Promise<void> => {
    await kill()
    await dir.remove()
  }
  return { ...access, name: options.name, kill, restart, stop }
}

function launch(dir: string, port: number, access: SiteAccess, kmsKey: string | undefined): ChildProcess {
  const listen = ['--address', `127.0.0.1:${port}`, '--console-address', '127.0.0.1:0']
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    MINIO_ROOT_USER: access.accessKeyId,
    MINIO_ROOT_PASSWORD: access.secretAccessKey,
    ...(kmsKey === undefined ? {} : { MINIO_KMS_SECRET_KEY: `${kmsKey}:${Buffer.alloc(32, 7).toString('base64')}` }),
    MINIO_BROWSER: 'off',
    MINIO_UPDATE: 'off',
    MINIO_FS_OSYNC: 'off',
  }
  // Ends with this process, however it dies.
  const command = ['--pdeathsig', 'KILL', '--', binary, 'server', ...listen, join(dir, 'data')]
  return spawn('setpriv', command, { env, stdio: 'ignore' })
}

async function answers(endpoint: string): Promise<void> {
  const reply = await fetch(`${endpoint}/minio/health/ready`)
  if (!reply.ok) throw new Error(`MinIO is not ready: ${reply.status}`)
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGKILL')
  await once(server, 'exit')
}

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
