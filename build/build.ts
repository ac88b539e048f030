import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import path from 'node:path'
import { build, type Plugin } from 'vite'
import { thirdPartyNotices } from './third-party-notices.ts'

export interface BuildOptions {
  readonly root: string
}

export const stampFile = 'out/.built'

/** Builds all that runs without the sources: `out/main`, `out/renderer`, and nothing else. */
export async function buildAll({ root }: BuildOptions): Promise<void> {
  rmSync(path.join(root, 'out'), { recursive: true, force: true })
  const notices = thirdPartyNotices()
  await buildConsole(root, notices.plugin)
  await buildMain(root, notices.plugin)
  await buildPreload(root, 'preload')
  await buildPreload(root, 'passphrase-preload')
  cpSync(path.join(root, 'electron/desktop/passphrase.html'), path.join(root, 'out/main/passphrase.html'))
  cpSync(path.join(root, 'build/icons/icon.png'), path.join(root, 'out/main/icon.png'))
  writeFileSync(path.join(root, 'out/THIRD-PARTY-NOTICES.txt'), notices.text())
  // Last, so that a build that broke off never counts as fresh.
  writeFileSync(path.join(root, stampFile), '')
}

async function buildConsole(root: string, notices: Plugin): Promise<void> {
  const configFile = path.join(root, 'renderer/vite.config.ts')
  await build({ configFile, configLoader: 'native', logLevel: 'warn', plugins: [notices] })
}

// Named explicitly: externals given by plugins have been ignored by the bundler before, and a shim shipped instead.
const external = ['electron', /^node:/, ...builtinModules]

async function buildMain(root: string, notices: Plugin): Promise<void> {
  const entry = (file: string): string => path.join(root, file)
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [notices],
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      outDir: path.join(root, 'out/main'),
      target: 'node24',
      minify: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: {
          main: entry('electron/desktop/main.ts'),
          cli: entry('electron/cli/cli.ts'),
          thread: entry('electron/engine/worker/thread.ts'),
          'checkpoint-thread': entry('electron/engine/journal/sqlite/file/checkpoint-thread.ts'),
        },
        external,
        // Flat, because the program finds its preload, its page and its threads beside the file that it runs from.
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
}

/** A sandboxed preload is one CommonJS file that can require nothing but Electron. */
async function buildPreload(root: string, name: string): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: true,
      outDir: path.join(root, 'out/main'),
      emptyOutDir: false,
      target: 'chrome136',
      minify: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: { [name]: path.join(root, `electron/desktop/${name}.ts`) },
        external,
        output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
      },
    },
  })
}

/** `node build/run.mjs build` */
export async function main(): Promise<number> {
  const root = path.resolve(import.meta.dirname, '..')
  await buildAll({ root })
  const { name, version }: { name: string; version: string } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  )
  process.stdout.write(`Built ${name} ${version} into out/\n`)
  return 0
}
