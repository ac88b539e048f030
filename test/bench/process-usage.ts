import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts CPU time in ticks of 1/100 s on every platform that Node runs on. */
const ticksPerSecond = 100

export interface Usage {
  readonly cpuSeconds: number
  readonly peakRssBytes: number
}

/** User + system CPU of a process and of all that it started, ended children included, and the sum of their peaks. */
export function usageOf(pid: number): Usage {
  const own = statOf(pid)
  return childrenOf(pid)
    .map(usageOf)
    .reduce(
      (sum, child) => ({
        cpuSeconds: sum.cpuSeconds + child.cpuSeconds,
        peakRssBytes: sum.peakRssBytes + child.peakRssBytes,
      }),
      { cpuSeconds: own, peakRssBytes: peakRssOf(pid) },
    )
}

function statOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Fields after the command, which may itself hold spaces and brackets: utime, stime, cutime, cstime are 14 to 17.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond
}

function peakRssOf(pid: number): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1] ?? 0) * 1024
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  )
}
