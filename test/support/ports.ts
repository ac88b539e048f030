import { createServer } from 'node:net'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const blockSize = 32
const firstBlock = 20_000
/** Below the ephemeral range (32768 on Linux), so that no client socket sits on a port that a daemon wants. */
const blocks = 390

export interface PortBlock {
  readonly first: number
  release(): void
}

/**
 * Claims 32 free loopback ports in a row. Daemons that cannot bind port 0 need them known beforehand; a claim is a
 * directory named for the block, so that test processes running side by side never get the same one.
 */
export async function claimPorts(): Promise<PortBlock> {
  const start = Math.floor(Math.random() * blocks)
  for (let step = 0; step < blocks; step++) {
    const first = firstBlock + ((start + step) % blocks) * blockSize
    const claim = join(tmpdir(), 'lockstep-ports', String(first))
    if (!take(claim)) continue
    const release = (): void => rmSync(claim, { recursive: true, force: true })
    if (await allFree(first)) return { first, release }
    release()
  }
  throw new Error('no block of free ports')
}

/** One free loopback port, for a daemon that wants it named. */
export async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject()))
    })
  })
}

function take(claim: string): boolean {
  mkdirSync(join(claim, '..'), { recursive: true })
  if (ownerIsGone(claim)) rmSync(claim, { recursive: true, force: true })
  try {
    mkdirSync(claim)
  } catch {
    return false
  }
  writeFileSync(join(claim, 'pid'), String(process.pid))
  return true
}

function ownerIsGone(claim: string): boolean {
  try {
    process.kill(Number(readFileSync(join(claim, 'pid'), 'utf8')), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}

async function allFree(first: number): Promise<boolean> {
  const ports = Array.from({ length: blockSize }, (_, index) => first + index)
  return (await Promise.all(ports.map(isFree))).every(Boolean)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
