import { ensureCeph, startCephSite } from '../support/ceph.ts'
import type { Availability } from '../support/install.ts'
import { ensureMinio, startMinioSite } from '../support/minio.ts'
import type { SiteAccess } from '../support/s3-site.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { attack, type AttackReport, type Findings } from './attack.ts'
import { join } from 'node:path'

type Started = SiteAccess & { stop(): Promise<void> }

interface Kind {
  readonly ensure: () => Promise<Availability>
  readonly start: (dir: string) => Promise<Started>
}

const kinds: Readonly<Record<string, Kind>> = {
  minio: { ensure: ensureMinio, start: () => startMinioSite({ name: 'hostile' }) },
  ceph: { ensure: ensureCeph, start: (dir) => startCephSite({ name: 'hostile', dir: join(dir, 'ceph') }) },
  sandbox: {
    ensure: () => Promise.resolve({ ok: true }),
    start: (dir) => startSandboxProcess(join(dir, 'site'), 'mints'),
  },
}

/**
 * `npm run hostile [-- minio ceph sandbox] [--requests N] [--seed N]`: generated attacks on the gateway in front of a real site.
 * Ends with a failure when one of them got through.
 */
export async function main(args: readonly string[]): Promise<number> {
  const number = (name: string, otherwise: number): number => {
    const at = args.indexOf(name)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const named = Object.keys(kinds).filter((name) => args.includes(name))
  const limits = { requests: number('--requests', 12_000), seed: number('--seed', 8) }
  let failed = false
  for (const name of named.length > 0 ? named : ['minio', 'ceph']) {
    const kind = kinds[name]!
    const available = await kind.ensure()
    if (!available.ok) {
      say(`${name}: not attacked: ${available.reason}`)
      failed = true
      continue
    }
    const dir = await makeTempDir('hostile')
    const site = await kind.start(dir.path)
    try {
      say(`${name}: ${limits.requests} requests of seed ${limits.seed}`)
      const report = await attack({ site, dir: dir.path, ...limits, tell: say })
      tellReport(report)
      failed ||= !holds(report)
    } finally {
      await site.stop()
      await dir.remove()
    }
  }
  return failed ? 1 : 0
}

/** Growth of the resident memory over the last quarter, when the heap has found its size, that is still its breathing. */
const growthBytes = 64 << 20
/** The heap of 256 MB, the program, and what is on its way. */
const mostBytes = 512 << 20

function holds({ findings, rssBytes }: AttackReport): boolean {
  const [, , before = 0, end = 0] = rssBytes
  return countOf(findings) === 0 && end - before <= growthBytes && Math.max(...rssBytes) <= mostBytes
}

const countOf = ({ ended, ...lists }: Findings): number =>
  Object.values(lists).reduce((sum, list) => sum + list.length, ended === null ? 0 : 1)

function tellReport({ findings, accepted, refused, unanswered, seconds, rssBytes }: AttackReport): void {
  const { ended, ...lists } = findings
  for (const [name, list] of Object.entries(lists)) {
    say(`  ${name}: ${list.length}`)
    for (const line of list) say(`    ${line}`)
  }
  if (ended !== null) say(`  it no longer serves: ${ended}`)
  say(`  ${accepted} accepted, ${refused} refused, ${unanswered} without an answer, in ${seconds.toFixed(0)} s`)
  say(`  resident: ${rssBytes.map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`).join(', ')}`)
}

function say(line: string): void {
  process.stdout.write(`${line.replaceAll(/[^ -~→…’]/g, '?')}\n`)
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
