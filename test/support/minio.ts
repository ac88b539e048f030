import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { binaryOf, ensureGoProgram, type GoProgram } from './go-program.ts'
import type { Availability } from './install.ts'
import { freePort } from './ports.ts'
import { loopbackCertificate } from './loopback-certificate.ts'
import type { SiteAccess } from './s3-site.ts'
import { makeTempDir } from './temp.ts'

const minio: GoProgram = {
  name: 'minio',
  package: 'github.com/minio/minio',
  // The last version that the Go module proxy has; a test peer only, never shipped.
  version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
}

export interface MinioSite extends SiteAccess {
  readonly name: string
  /** kill -9; the objects stay on disk. */
  kill(): Promise<void>
  restart(): Promise<void>
  stop(): Promise<void>
}

/** Builds MinIO from source once (about three minutes on two cores) into node_modules/.cache. */
export function ensureMinio(): Promise<Availability> {
  return ensureGoProgram(minio)
}

export interface MinioOptions {
  readonly name: string
  /** Keys that its own key service holds, in memory; none: it encrypts nothing. */
  readonly kmsKey?: string
  /** Behind TLS, with the tests' own certificate: without it MinIO takes no keys of clients. */
  readonly tls?: boolean
}

export async function startMinioSite(options: MinioOptions): Promise<MinioSite> {
  const dir = await makeTempDir(`minio-${options.name}`)
  const port = await freePort()
  const caFile = options.tls === true ? await writeCertificate(dir.path) : undefined
  const access: SiteAccess = {
    endpoint: `${caFile === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    caFile,
    region: 'us-east-1',
    accessKeyId: `minio${options.name}`,
    secretAccessKey: `minio-${options.name}-secret`,
  }
  let server: ChildProcess
  const restart = async (): Promise<void> => {
    server = launch(dir.path, port, access, options.kmsKey)
    await eventually(() => answers(access), { withinMs: 60_000 })
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
  const listen = ['--address', `127.0.0.1:${port}`, '--console-address', '127.0.0.1:0', '--certs-dir', certsBelow(dir)]
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
  const command = ['--pdeathsig', 'KILL', '--', binaryOf(minio), 'server', ...listen, join(dir, 'data')]
  return spawn('setpriv', command, { env, stdio: 'ignore' })
}

const certsBelow = (dir: string): string => join(dir, 'certs')

/** Where the certificate lies, which is its own authority. */
async function writeCertificate(dir: string): Promise<string> {
  const file = join(certsBelow(dir), 'public.crt')
  await mkdir(certsBelow(dir))
  await writeFile(file, loopbackCertificate.cert)
  await writeFile(join(certsBelow(dir), 'private.key'), loopbackCertificate.key, { mode: 0o600 })
  return file
}

async function answers({ endpoint, caFile }: SiteAccess): Promise<void> {
  const { status } = await statusOf(`${endpoint}/minio/health/ready`, caFile)
  if (status !== 200) throw new Error(`MinIO is not ready: ${status}`)
}

async function statusOf(url: string, caFile: string | undefined): Promise<{ readonly status: number }> {
  if (caFile === undefined) return fetch(url)
  const request = get(url, { ca: await readFile(caFile) })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return { status: response.statusCode ?? 0 }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGKILL')
  await once(server, 'exit')
}
