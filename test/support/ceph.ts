import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { claimPorts, type PortBlock } from './ports.ts'
import type { SiteAccess } from './s3-site.ts'
import { ensurePackages, packagesOf, type Availability } from './install.ts'

const run = promisify(execFile)
const script = join(import.meta.dirname, 'ceph-site.sh')

export interface CephSite extends SiteAccess {
  readonly name: string
  readonly dir: string
  /** kill -9 of the gateway alone: the site goes dark and keeps its objects. */
  killGateway(): Promise<void>
  /** Starts what is not running; resolves when S3 answers. */
  restart(): Promise<void>
  /** The bucket and its memory go at once, not when the site’s garbage collection finds the time. */
  dropBucket(bucket: string): Promise<void>
  /** Ends every daemon and removes the directory. */
  stop(): Promise<void>
}

export interface CephOptions {
  readonly name: string
  /** Made when it is not there, removed by `stop`. */
  readonly dir: string
  /** The user may choose version ids, as a peer zone does. */
  readonly system?: boolean
  /** Upper bound of what the in-memory store takes, bytes. */
  readonly capacityBytes?: number
}

export function ensureCeph(): Promise<Availability> {
  return ensurePackages(packagesOf.ceph)
}

/**
 * A real Ceph RADOS Gateway with an in-memory store on loopback ports of its own; several live side by side. A watchdog
 * ends its daemons when this process dies without calling `stop`.
 */
export async function startCephSite(options: CephOptions): Promise<CephSite> {
  const ports = await claimPorts()
  const env = siteEnvironment(options, ports)
  const up = async (): Promise<void> => {
    await run(script, ['up', options.name, String(ports.first), options.dir], { env, timeout: 120_000 })
  }
  const watchdog = watchOver(options.dir)
  const stop = async (): Promise<void> => {
    await run(script, ['kill', options.dir])
    watchdog.stdin?.destroy()
    await rm(options.dir, { recursive: true, force: true, maxRetries: 10 })
    ports.release()
  }
  try {
    await up()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    ...readAccess(options.dir),
    name: options.name,
    dir: options.dir,
    killGateway: async () => void (await run(script, ['kill', options.dir, 'rgw'])),
    restart: up,
    async dropBucket(bucket) {
      const asRgw = ['-c', join(options.dir, 'ceph.conf'), '-n', 'client.rgw', '--admin-socket=']
      await run('radosgw-admin', [...asRgw, 'bucket', 'rm', `--bucket=${bucket}`, '--purge-objects', '--bypass-gc'])
    },
    stop,
  }
}

function siteEnvironment(options: CephOptions, ports: PortBlock): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CEPH_SITE_MON_PORT: String(ports.first + 1),
    CEPH_SITE_OSD_PORT: String(ports.first + 4),
    CEPH_SITE_LC: 'false',
    ...(options.capacityBytes === undefined ? {} : { CEPH_SITE_BYTES: String(options.capacityBytes) }),
    ...(options.system === true ? { CEPH_SITE_SYSTEM: '1' } : {}),
  }
}

const accessSchema = z.object({
  endpoint: z.url(),
  region: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
})

function readAccess(dir: string): SiteAccess {
  return accessSchema.parse(JSON.parse(readFileSync(join(dir, 'creds.json'), 'utf8')))
}

/** A shell that waits for the end of our pipe, however we die, and then ends the daemons. */
function watchOver(dir: string): ChildProcess {
  const watchdog = spawn('bash', ['-c', 'cat >/dev/null; [ -d "$2" ] && "$1" kill "$2"', 'watchdog', script, dir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.unref()
  return watchdog
}
