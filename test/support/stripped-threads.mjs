import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'

/** Arguments for a process that runs the engine from source: this file is loaded first, by it and by each of its threads. */
export const strippedThreads = ['--import', import.meta.filename]

/** Where `strip-once.ts` leaves a source without its types: named by what it holds, so that it is never an old one. */
export function strippedFile(source) {
  const name = `${process.version}/${hash('sha1', source)}.js`
  return fileURLToPath(new URL(`../../node_modules/.cache/stripped/${name}`, import.meta.url))
}

if (!isMainThread)
  registerHooks({
    load(url, context, next) {
      if (!url.endsWith('.ts')) return next(url, context)
      const stripped = strippedFile(readFileSync(fileURLToPath(url)))
      if (!existsSync(stripped)) return next(url, context)
      return { format: 'module', source: readFileSync(stripped, 'utf8'), shortCircuit: true }
    },
  })
