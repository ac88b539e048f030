import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { strippedThreads } from '../support/stripped-threads.mjs'

const engine = join(import.meta.dirname, '../../electron/engine')
const threads = [
  { entry: 'thread.ts', end: { type: 'stop' } },
  { entry: 'checkpoint-thread.ts', end: 'end' },
]

/** Functions of WebAssembly that a process compiles which does nothing but start and end this thread. */
async function compiled(args: readonly string[], { entry, end }: (typeof threads)[number]): Promise<number> {
  const file = globSync(`**/${entry}`, { cwd: engine })[0]!
  const program = `new (require('node:worker_threads').Worker)(${JSON.stringify(join(engine, file))}, { workerData: '' })
    .postMessage(${JSON.stringify(end)})`
  const node = [...args, '--trace-wasm-compilation-times', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, node, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.split('\n').filter((line) => line.startsWith('Compiled ')).length
}

test.each(threads)(
  '$entry is loaded in a test without WebAssembly, which threads that come and go do not bear',
  async (thread) => {
    expect(process.execArgv).toEqual(expect.arrayContaining([...strippedThreads]))
    expect(await compiled(process.execArgv, thread)).toBe(0)
    expect(await compiled([], thread)).toBeGreaterThan(0)
  },
)
