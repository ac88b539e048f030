import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type Availability = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** The Debian packages of each outside program that a suite may need. */
export const packagesOf = {
  ceph: ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common'],
  rclone: ['rclone'],
  s3Clients: ['rclone', 's3cmd', 'awscli'],
  chromium: ['chromium', 'xvfb'],
  go: ['golang-go'],
} as const

/**
 * Makes sure that these Debian packages are installed. Missing ones are installed when this process is root on a system
 * with apt; the reason says what is missing and why it could not be had otherwise. Safe to call from several processes:
 * apt itself waits for its lock.
 */
export async function ensurePackages(names: readonly string[]): Promise<Availability> {
  const missing = await missingPackages(names)
  if (missing === null) return { ok: false, reason: `${names.join(', ')}: this system has no dpkg` }
  if (missing.length === 0) return { ok: true }
  if (process.getuid?.() !== 0) return { ok: false, reason: `${missing.join(', ')} not installed, and not root` }
  return await install(missing)
}

/** Says loudly, and for the last lines of `npm test`, which tests are left out and why. */
export function reportSkipped(what: string, reason: string): void {
  process.stderr.write(`\nSKIPPED ${what}: ${reason}\n`)
  const notes = process.env['LOCKSTEP_SKIP_NOTES']
  if (notes !== undefined) appendFileSync(notes, `${what}: ${reason}\n`)
}

async function missingPackages(names: readonly string[]): Promise<readonly string[] | null> {
  try {
    execFileSync('dpkg', ['--version'], { stdio: 'ignore' })
  } catch {
    return null
  }
  const states = await Promise.all(names.map(isInstalled))
  return names.filter((_, index) => !states[index])
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f=${db:Status-Status}', name])
    return stdout.trim() === 'installed'
  } catch {
    return false
  }
}

async function install(names: readonly string[]): Promise<Availability> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const options = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=300', '--no-install-recommends']
  process.stderr.write(`Installing ${names.join(', ')} …\n`)
  try {
    await run('apt-get', ['-q', '-y', 'update'], { env, maxBuffer: 64 << 20 })
    await run('apt-get', ['install', ...options, ...names], { env, maxBuffer: 64 << 20 })
    return { ok: true }
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return { ok: false, reason: `${names.join(', ')} could not be installed: ${said ?? ''}` }
  }
}
