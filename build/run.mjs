// `node build/run.mjs NAME …` runs build/NAME.ts under Node 24 on a clone of any age: `npm start` works right after a checkout.
import { fileURLToPath } from 'node:url'
import { endProcess } from './end-process.mjs'
import { ensureDependencies, isNode24, runUnderNode24 } from './node24.mjs'

const [name = '', ...args] = process.argv.slice(2)
if (!ensureDependencies()) {
  process.exitCode = 1
} else if (isNode24()) {
  const script = await import(new URL(`${name}.ts`, import.meta.url).href)
  try {
    await endProcess(await script.main(args))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    await endProcess(1)
  }
} else {
  runUnderNode24(fileURLToPath(import.meta.url), [name, ...args])
}
