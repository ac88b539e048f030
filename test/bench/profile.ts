import { readFile } from 'node:fs/promises'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const profileSchema = z.object({
  nodes: z.array(
    z.object({ id: z.int(), callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }) }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
})

/** What V8 calls time in which the thread had nothing to do. */
const idle = '(idle)'
const told = 8

/** One line per thread and per function that cost most by itself, from what `node --cpu-prof` left in a directory. */
export async function topCosts(dir: string): Promise<readonly string[]> {
  const lines: string[] = []
  for (const file of globSync('*.cpuprofile', { cwd: dir }).toSorted()) {
    const { nodes, samples, timeDeltas } = profileSchema.parse(JSON.parse(await readFile(join(dir, file), 'utf8')))
    const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
    const selfMs = new Map<string, number>()
    samples.forEach((id, index) => {
      const name = names.get(id) ?? '?'
      selfMs.set(name, (selfMs.get(name) ?? 0) + timeDeltas[index]! / 1000)
    })
    const busyMs = [...selfMs].reduce((sum, [name, ms]) => (name === idle ? sum : sum + ms), 0)
    const costs = [...selfMs].filter(([name]) => name !== idle).toSorted((a, b) => b[1] - a[1])
    lines.push(`  ${threadOf(file)}: ${busyMs.toFixed(0)} ms busy`)
    for (const [name, ms] of costs.slice(0, told))
      lines.push(`    ${((ms / busyMs) * 100).toFixed(1).padStart(5)} %  ${name}`)
  }
  return lines
}

function nameOf({ functionName, url, lineNumber }: { functionName: string; url: string; lineNumber: number }): string {
  const where = url === '' ? '' : ` (${url.split('/').slice(-2).join('/')}:${lineNumber + 1})`
  return `${functionName === '' ? 'anonymous' : functionName}${where}`
}

/** V8 names the file `CPU.<date>.<time>.<pid>.<thread>.<sequence>.cpuprofile`; thread 0 is the main one. */
function threadOf(file: string): string {
  const thread = file.split('.').at(-3)
  return thread === '0' ? 'main thread' : `thread ${thread}`
}
