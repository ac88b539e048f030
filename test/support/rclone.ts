import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ensurePackages, packagesOf, type Availability } from './install.ts'
import type { SiteAccess } from './s3-site.ts'
import { makeTempDir } from './temp.ts'

/** What one run of an outside program cost. */
export interface RunCost {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly peakRssBytes: number
}

export interface RcloneSide {
  readonly site: SiteAccess
  readonly bucket: string
  readonly provider: 'Ceph' | 'Minio'
}

export function ensureRclone(): Promise<Availability> {
  return ensurePackages([...packagesOf.rclone, 'time'])
}

/** `rclone copy` or `check` of one bucket against another, timed by GNU time: user + system CPU and the peak resident set. */
export async function rcloneRun(
  command: 'copy' | 'check',
  from: RcloneSide,
  to: RcloneSide,
  flags: readonly string[],
): Promise<RunCost> {
  const dir = await makeTempDir('rclone')
  const usage = join(dir.path, 'usage')
  const args = [command, `src:${from.bucket}`, `dst:${to.bucket}`, '--config', join(dir.path, 'none'), ...flags]
  const startedAt = performance.now()
  const child = spawn('time', ['-q', '-f', '%U %S %M', '-o', usage, 'rclone', ...args], {
    env: rcloneEnvironment(from, to),
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
  await once(child, 'close')
  const seconds = (performance.now() - startedAt) / 1000
  if (child.exitCode !== 0) throw new Error(`rclone ended with ${String(child.exitCode)}: ${said}`)
  const [user = 0, system = 0, rssKib = 0] = (await readFile(usage, 'utf8')).trim().split(' ').map(Number)
  await dir.remove()
  return { seconds, cpuSeconds: user + system, peakRssBytes: rssKib * 1024 }
}

function rcloneEnvironment(from: RcloneSide, to: RcloneSide): NodeJS.ProcessEnv {
  const env = { ...process.env, ...rcloneRemote('SRC', from), ...rcloneRemote('DST', to) }
  // rclone's AWS library refuses to start with a CA bundle named here that it cannot load as its own.
  delete env['AWS_CA_BUNDLE']
  return env
}

/** The environment that makes `NAME:` a remote of rclone. */
export function rcloneRemote(name: string, side: Pick<RcloneSide, 'site' | 'provider'>): Record<string, string> {
  const prefix = `RCLONE_CONFIG_${name}_`
  return {
    [`${prefix}TYPE`]: 's3',
    [`${prefix}PROVIDER`]: side.provider,
    [`${prefix}ENDPOINT`]: side.site.endpoint,
    [`${prefix}REGION`]: side.site.region,
    [`${prefix}ACCESS_KEY_ID`]: side.site.accessKeyId,
    [`${prefix}SECRET_ACCESS_KEY`]: side.site.secretAccessKey,
    [`${prefix}NO_CHECK_BUCKET`]: 'true',
  }
}
