// Runs under any Node: the scripts of this project are TypeScript and need Node 24, which comes as a dev dependency.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
const packagedNode = fileURLToPath(
  new URL(
    process.platform === 'win32' ? '../node_modules/node/bin/node.exe' : '../node_modules/node/bin/node',
    import.meta.url,
  ),
)

/** Installs the dependencies of a fresh clone. True when they are there. */
export function ensureDependencies() {
  if (existsSync(new URL('../node_modules/.package-lock.json', import.meta.url))) return true
  process.stderr.write('Installing dependencies (once) …\n')
  // Not `npm ci`: it wants every platform's optional binaries in the lock file, and some cannot be had everywhere.
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const { status } = spawnSync(npm, ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.stderr.write('npm could not install the dependencies; its words are above.\n')
  return status === 0
}

export function isNode24() {
  return Number(process.versions.node.split('.')[0]) >= 24
}

/** Runs `script` with Node 24 and ends this process as the other one ended; signals are passed on. */
export function runUnderNode24(script, args) {
  const node = existsSync(packagedNode) ? packagedNode : null
  if (node === null) {
    process.stderr.write('Lockstep needs Node 24. Run `npm install` in its folder, or use a newer Node.\n')
    process.exitCode = 2
    return
  }
  const child = spawn(node, [script, ...args], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128)
  })
}
