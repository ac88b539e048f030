import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensurePackages, packagesOf, type Availability } from './install.ts'

const run = promisify(execFile)

/** A server that tests meet as a peer, built from source; never shipped. */
export interface GoProgram {
  /** Of the binary. */
  readonly name: string
  readonly package: string
  /** Exactly this one. */
  readonly version: string
}

const cacheDirOf = ({ name, version }: GoProgram): string =>
  join(import.meta.dirname, '../../node_modules/.cache', name, version)

export const binaryOf = (program: GoProgram): string => join(cacheDirOf(program), program.name)

/** Builds it once (minutes) into node_modules/.cache. */
export async function ensureGoProgram(program: GoProgram): Promise<Availability> {
  if (existsSync(binaryOf(program))) return { ok: true }
  const go = hasGo() ? ({ ok: true } as const) : await ensurePackages(packagesOf.go)
  if (!go.ok) return go
  await mkdir(cacheDirOf(program), { recursive: true })
  process.stderr.write(`Building ${program.name} from source …\n`)
  try {
    const env = { ...process.env, GOBIN: cacheDirOf(program), CGO_ENABLED: '0' }
    await run('go', ['install', `${program.package}@${program.version}`], { env, maxBuffer: 64 << 20 })
    return { ok: true }
  } catch (error) {
    const said = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    return { ok: false, reason: `${program.name} could not be built: ${said ?? ''}` }
  }
}

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
