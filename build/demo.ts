import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { DemoReady } from './demo-sites.ts'
import { ensureBuild } from './freshness.ts'
import { consoleFlags, openConsole } from './open-console.ts'

/** `npm run demo`: the console on two sample sites with live traffic. All of it is gone when it ends. */
export async function main(args: readonly string[]): Promise<number> {
  const root = path.resolve(import.meta.dirname, '..')
  const flags = consoleFlags(args)
  await ensureBuild(root, (line) => void process.stdout.write(`${line}\n`))
  const dir = mkdtempSync(path.join(os.tmpdir(), 'lockstep-demo-'))
  const sites = fork(path.join(import.meta.dirname, 'demo-sites.ts'), [dir])
  try {
    const { config, controlUrl, targetSite } = await readiness(sites)
    const configFile = path.join(dir, 'lockstep.config.json')
    writeFileSync(configFile, JSON.stringify(config), { mode: 0o600 })
    const dataDir = flags.data ?? path.join(dir, 'data')
    const place = { root, dataDir, browserDataDir: dataDir, configFile, demo: { url: controlUrl, targetSite } }
    return await openConsole(place, flags)
  } finally {
    await ended(sites)
    rmSync(dir, { recursive: true, force: true })
  }
}

function readiness(sites: ChildProcess): Promise<DemoReady> {
  return new Promise((resolve, reject) => {
    sites.once('message', (message) => {
      if (typeof message === 'string') resolve(JSON.parse(message))
    })
    sites.once('exit', () => reject(new Error('The sample sites did not start.')))
  })
}

function ended(sites: ChildProcess): Promise<void> {
  if (sites.exitCode !== null || !sites.connected) return Promise.resolve()
  return new Promise((resolve) => {
    sites.once('exit', () => resolve())
    sites.disconnect()
  })
}
