import { globSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join } from 'node:path'
import { strippedFile } from './stripped-threads.mjs'

const root = join(import.meta.dirname, '../..')

/**
 * Before any test: takes the types out of whatever a thread may load, once. Node does it by a WebAssembly program, which it
 * would otherwise compile in every thread; and WebAssembly that comes and goes with the threads of one process can end the
 * process: "Check failed: jit_page…", V8's process-wide list of code pages (nodejs/node#64500, V8 13.6). A test process
 * starts and ends hundreds of threads. What is installed is a bundle without types, and its engine without WebAssembly.
 */
export function setup(): void {
  for (const file of globSync('{electron,shared}/**/*.ts', { cwd: root })) {
    const source = readFileSync(join(root, file))
    const stripped = strippedFile(source)
    if (existsSync(stripped)) continue
    mkdirSync(dirname(stripped), { recursive: true })
    // Whole or not there: others may be reading.
    const draft = `${stripped}.${process.pid}`
    writeFileSync(draft, stripTypeScriptTypes(source.toString()))
    renameSync(draft, stripped)
  }
}
