import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { promisify } from 'node:util'
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { extractFile, listPackage } from '@electron/asar'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import { eventually } from '../support/eventually.ts'
import { startLockstep } from '../support/lockstep-process.ts'
import { startSandbox } from '../support/sandbox.ts'
import { siteConfig } from '../support/site-config.ts'
import { makeTempDir } from '../support/temp.ts'
import { clientOf, createBucket } from '../support/world.ts'

const root = path.resolve(import.meta.dirname, '../..')
const built = (...parts: readonly string[]) => path.join(root, 'out', ...parts)
const shipped = JSON.parse(readFileSync(path.join(root, 'build/electron-builder.json'), 'utf8'))
const { validateSchema } = createRequire(import.meta.url)('app-builder-lib/out/util/config/schemaValidator.js')
// In every thread, before anything else.
const withoutWebAssembly = ['--import', 'data:text/javascript,delete globalThis.WebAssembly']
const mainFiles = () => readdirSync(built('main')).filter((name) => /\.c?js$/.test(name))

beforeAll(() => ensureBuild(root, () => undefined), 120_000)

test('the build holds exactly the entries that the program looks for', () => {
  const entries = [
    'main.js',
    'cli.js',
    'thread.js',
    'checkpoint-thread.js',
    'preload.cjs',
    'passphrase-preload.cjs',
    'passphrase.html',
    'icon.png',
  ]
  expect(readdirSync(built('main'))).toEqual(expect.arrayContaining(entries))
  expect(readdirSync(built())).toEqual(['.built', 'THIRD-PARTY-NOTICES.txt', 'main', 'renderer'])
  // Flat: the threads, the preload and the page are found beside the running file.
  expect(readdirSync(built('main'), { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([])
})

test.each(['preload.cjs', 'passphrase-preload.cjs'])(
  '%s is CommonJS and requires Electron and nothing else',
  (name) => {
    const code = readFileSync(built('main', name), 'utf8')
    expect([...code.matchAll(/\brequire\("([^"]+)"\)/g)].map((match) => match[1])).toEqual(['electron'])
    expect(code).not.toMatch(/^\s*(import|export)\s/m)
  },
)

test('the bundle imports only Electron, Node and itself, and never the npm package’s downloader', () => {
  const imports = mainFiles().flatMap((name) => {
    const code = readFileSync(built('main', name), 'utf8')
    expect(code, name).not.toContain('ELECTRON_OVERRIDE_DIST_PATH')
    return [...code.matchAll(/^(?:import|export)\s[^'"]*?(?:from\s*)?["']([^"']+)["']/gm)].map(
      (match) => match[1] ?? '',
    )
  })
  const foreign = imports.filter((name) => !/^(node:|\.\/|electron$)/.test(name))
  expect(foreign).toEqual([])
  expect(readFileSync(built('main/cli.js'), 'utf8')).not.toMatch(/from "electron"/)
})

test('the engine finds its threads in the bundle', () => {
  const code = mainFiles().map((name) => readFileSync(built('main', name), 'utf8'))
  for (const entry of ['thread.js', 'checkpoint-thread.js'])
    expect(code.filter((text) => text.includes(`"./${entry}"`))).toHaveLength(1)
})

test('the engine of the build copies where there is no WebAssembly, which can end a process of several threads', async () => {
  const temp = await makeTempDir('no-wasm')
  // As it is installed: without its source beside it.
  cpSync(path.join(root, 'build'), path.join(temp.path, 'build'), { recursive: true })
  symlinkSync(path.join(root, 'out'), path.join(temp.path, 'out'))
  const sites = { a: await startSandbox({ dir: path.join(temp.path, 'a') }), b: await startSandbox() }
  const s3 = { a: clientOf(sites.a), b: clientOf(sites.b) }
  await Promise.all([createBucket(s3.a, 'data'), createBucket(s3.b, 'data')])
  await s3.a.send(new PutObjectCommand({ Bucket: 'data', Key: 'key', Body: 'content' }))
  const [source, target] = [
    { site: 'a', bucket: 'data' },
    { site: 'b', bucket: 'data' },
  ] as const
  const engine = await startLockstep({
    dir: path.join(temp.path, 'engine'),
    program: path.join(temp.path, 'build/lockstep.mjs'),
    nodeArgs: withoutWebAssembly,
    config: {
      version: 1,
      sites: [siteConfig('a', sites.a), siteConfig('b', sites.b)],
      rules: [{ id: 'r', source, targets: [target] }],
    },
  })
  await eventually(() => s3.b.send(new GetObjectCommand({ Bucket: 'data', Key: 'key' })), { withinMs: 60_000 })
  await engine.stop()
  await Promise.all([sites.a.close(), sites.b.close()])
  await temp.remove()
})

test('every file that the desktop names from its bundle is there', () => {
  const text = readFileSync(built('main', 'main.js'), 'utf8')
  const names = [...text.matchAll(/path\.join\(here, ["']([^"']+)["']\)/g)].map((match) => match[1]!)
  expect(names).toContain('preload.cjs')
  const isBuilt = (name: string) => !path.join('main', name).startsWith('..') && existsSync(built('main', name))
  expect(names.filter((name) => !isBuilt(name))).toEqual([])
})

test('no path of the machine that built it is in the build', () => {
  for (const name of mainFiles()) expect(readFileSync(built('main', name), 'utf8'), name).not.toContain(root)
})

test('the configuration fits electron-builder’s schema, and every fuse is set', { timeout: 60_000 }, () => {
  const schema: object = JSON.parse(readFileSync(path.join(root, 'node_modules/app-builder-lib/scheme.json'), 'utf8'))
  expect(() => validateSchema(schema, shipped, { name: 'electron-builder.json' })).not.toThrow()
  expect(shipped.electronFuses).toEqual({
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
  })
})

test('a package holds the build, the licences and nothing else', { timeout: 120_000 }, async () => {
  const temp = await makeTempDir('package')
  const dist = stubDistribution(path.join(temp.path, 'electron'))
  const output = path.join(temp.path, 'dist-not-to-ship')
  const builder = path.join(root, 'node_modules/electron-builder/cli.js')
  // The stub has no fuses to set. Everything else of the configuration is what ships.
  const config = path.join(temp.path, 'config.json')
  const directories = { ...shipped.directories, output }
  writeFileSync(
    config,
    JSON.stringify({ ...shipped, $schema: undefined, electronFuses: null, electronDist: dist, directories }),
  )
  await promisify(execFile)(process.execPath, [builder, '--linux', 'dir', '--config', config], { cwd: root })
  const asar = path.join(output, 'linux-unpacked/resources/app.asar')
  const files = listPackage(asar, { isPack: false }).map((file) => file.slice(1).replaceAll('\\', '/'))
  const unwanted = files.filter(
    (file) =>
      !/^(out|out\/main(\/.*)?|out\/renderer(\/.*)?|out\/THIRD-PARTY-NOTICES\.txt|LICENSE|package\.json)$/.test(file),
  )
  expect(unwanted).toEqual([])
  expect(files.filter((file) => /\.(ts|tsx|map|pem|key)$|\.env|config\.json$|node_modules/.test(file))).toEqual([])
  expect(files).toEqual(
    expect.arrayContaining(['out/main/main.js', 'out/main/preload.cjs', 'out/renderer/index.html', 'LICENSE']),
  )
  expect(JSON.parse(extractFile(asar, 'package.json').toString())).toMatchObject({
    main: 'out/main/main.js',
    type: 'module',
  })
  await temp.remove()
})

/** What electron-builder needs to see of a distribution. It proves the configuration and the content, not that it runs. */
function stubDistribution(dir: string): string {
  mkdirSync(path.join(dir, 'resources'), { recursive: true })
  mkdirSync(path.join(dir, 'locales'))
  for (const name of ['electron', 'version', 'LICENSE', 'LICENSES.chromium.html', 'locales/en-US.pak']) {
    writeFileSync(path.join(dir, name), name === 'electron' ? '#!/bin/sh\n' : '45.4.1')
  }
  chmodSync(path.join(dir, 'electron'), 0o755)
  return dir
}
