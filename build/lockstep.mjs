#!/usr/bin/env node
// The `lockstep` command: under Node 24 itself, or again under the Node 24 that the dependencies hold.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { endProcess } from './end-process.mjs'
import { isNode24, runUnderNode24 } from './node24.mjs'

if (isNode24()) {
  const source = new URL('../electron/cli/cli.ts', import.meta.url)
  const { runCli } = await import(
    existsSync(source) ? source.href : new URL('../out/main/cli.js', import.meta.url).href
  )
  await endProcess(await runCli(process.argv.slice(2)))
} else {
  runUnderNode24(fileURLToPath(import.meta.url), process.argv.slice(2))
}
