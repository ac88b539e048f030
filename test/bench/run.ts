import { join } from 'node:path'
import { ensureCeph, startCephSite, type CephSite } from '../support/ceph.ts'
import { ensureRclone } from '../support/rclone.ts'
import { makeTempDir } from '../support/temp.ts'
import { measureBacklog } from './backlog-bench.ts'
import { compareWithRclone, copyRows, profileOf, rcloneFlags, type CopyBench } from './copy-bench.ts'
import { measureGateway } from './gateway-bench.ts'
import { measureLatency } from './latency-bench.ts'
import { measureScan } from './scan-bench.ts'
import { tableText, type Row } from './table.ts'

const concurrency = 32
const parts = ['small', 'large', 'scan', 'latency', 'backlog', 'gateway'] as const
type Part = (typeof parts)[number]

/**
 * `npm run bench [-- small large scan latency backlog gateway] [--quick]`: Lockstep beside rclone on the same two real Ceph sites, in
 * turns. Tells and never judges: only a bench that cannot run ends with a failure.
 */
export async function main(args: readonly string[]): Promise<number> {
  const quick = args.includes('--quick')
  const chosen = parts.filter((part) => args.includes(part))
  for (const needed of [await ensureCeph(), await ensureRclone()]) {
    if (!needed.ok) {
      say(`The benchmark cannot run: ${needed.reason}`)
      return 1
    }
  }
  const dir = await makeTempDir('bench')
  const sites: CephSite[] = []
  try {
    for (const name of ['source', 'target']) {
      const site = await startCephSite({ name, dir: join(dir.path, name), capacityBytes: 16 * 1024 ** 3 })
      sites.push(site)
    }
    const rows = await measure(sites[0]!, sites[1]!, dir.path, chosen.length === 0 ? parts : chosen, quick)
    say(`\nMedians, and the median ratio of the rounds. rclone copy ${rcloneFlags(concurrency).join(' ')};`)
    say(
      `Lockstep with ${concurrency} workers, versions and metadata included. More is better but for CPU, memory and delay.\n`,
    )
    say(tableText(rows))
    return 0
  } finally {
    await Promise.all(sites.map((site) => site.stop()))
    await dir.remove()
  }
}

async function measure(
  source: CephSite,
  target: CephSite,
  dir: string,
  chosen: readonly Part[],
  quick: boolean,
): Promise<readonly Row[]> {
  const base = { source, target, dir, concurrency, rounds: quick ? 2 : 4, say }
  const rows: Row[] = []
  for (const part of chosen) {
    say(`${part} …`)
    rows.push(...(await measurements[part](base, quick)))
  }
  return rows
}

type Base = Omit<CopyBench, 'objects' | 'sizeBytes'>

const measurements: Readonly<Record<Part, (base: Base, quick: boolean) => Promise<readonly Row[]>>> = {
  small: async (base, quick) => {
    const bench = { ...base, objects: quick ? 1000 : 5000, sizeBytes: 4096 }
    return measureCopy(bench, true)
  },
  large: async (base, quick) => {
    const bench = { ...base, objects: quick ? 4 : 16, sizeBytes: 64 << 20 }
    return measureCopy(bench, false)
  },
  scan: (base, quick) => measureScan({ ...base, objects: quick ? 5000 : 20_000 }),
  latency: async (base, quick) => {
    const bench = { ...base, changesPerSecond: 50, seconds: quick ? 5 : 20 }
    return [...(await measureLatency(bench, 'event')), ...(await measureLatency(bench, 'scan'))]
  },
  gateway: (base, quick) => measureGateway({ ...base, quick }),
  backlog: (base, quick) => measureBacklog({ ...base, tasks: quick ? 50_000 : 1_000_000 }),
}

async function measureCopy(bench: CopyBench, small: boolean): Promise<readonly Row[]> {
  const rows = copyRows(bench, await compareWithRclone(bench), small)
  say('  where one more copy, not measured, spent its time (by V8’s own profile, the program’s start included):')
  for (const line of await profileOf(bench)) say(`  ${line}`)
  return rows
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
