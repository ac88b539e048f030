import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { runCli } from '../../electron/cli/cli.ts'
import type { CliIo } from '../../electron/cli/io.ts'
import { bytesText } from '../../electron/cli/table.ts'
import { parseConfig } from '../../electron/engine/config/parse-config.ts'
import { configSchema } from '../../shared/model/config.ts'
import { configJsonSchema } from '../../electron/engine/config/json-schema.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { serve, type Serving } from '../../electron/serve/serve.ts'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import type { CompareReport } from '../../shared/model/compare.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { fullWorld } from '../support/fake-world.ts'
import { cost, emptyOverview, hostApi, job, report } from './host-fake-api.ts'

let dataDir: string
let serving: Serving | null
let lines: string[]
let errors: string[]
let nowMs: number

beforeEach(() => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'lockstep-cli-'))
  serving = null
  lines = []
  errors = []
  nowMs = 0
})
afterEach(async () => {
  await serving?.stop()
  rmSync(dataDir, { recursive: true })
})

const io = (): CliIo => ({
  out: (line) => lines.push(line),
  err: (line) => errors.push(line),
  lost: () => null,
  environment: {},
  now: () => nowMs,
  delay: () => Promise.resolve(),
  onStopSignal: () => undefined,
  later: () => undefined,
  onStray: () => undefined,
  abandon: () => undefined,
  rendererDir: dataDir,
  version: '1.2.3',
})
const cli = (...args: readonly string[]) => runCli([...args, '--data', dataDir], io())

async function engineWith(parts: Parameters<typeof hostApi>[0]): Promise<void> {
  const api: EngineApi = hostApi(parts)
  serving = await serve({
    startEngine: () =>
      Promise.resolve({
        api,
        webhookUrl: null,
        gatewayUrl: () => null,
        noteStray: () => undefined,
        stop: () => Promise.resolve(),
      }),
    config: null,
    dataDir,
    rendererDir: dataDir,
    host: '127.0.0.1',
    port: 0,
    credentials: memoryCredentials(),
    demo: null,
    environment: {},
    version: '1.2.3',
    log: () => undefined,
    say: () => undefined,
  })
}

test('where no engine runs every command says so and exits 2', async () => {
  for (const command of [['status'], ['compare', 'r'], ['wait', '--settled', '--timeout', '1'], ['retry', '--all']]) {
    expect(await cli(...command), command[0]).toBe(2)
  }
  expect(errors[0]).toBe(`No Lockstep engine runs on ${dataDir}. Start one with: lockstep serve --data ${dataDir}`)
})

test('status is a table for people and the API’s value with --json', async () => {
  await engineWith({ overview: { get: () => emptyOverview } })
  expect(await cli('status')).toBe(0)
  expect(lines[0]).toBe('3 pending (4.0 KiB), oldest 1 s; 1 failing, 2 parked; workers 0/100; 0 B/s')
  expect(await cli('status', '--json')).toBe(0)
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual(emptyOverview)
})

test('amounts are whole bytes below 1 KiB, and rounded above', () => {
  expect([0, 0.4, 12.613875, 45.66, 2048, 20_000].map(bytesText)).toEqual([
    '0 B',
    '0 B',
    '13 B',
    '46 B',
    '2.0 KiB',
    '20 KiB',
  ])
})

test.each([
  ['equal', null, 0, 'equal. As of 1970-01-01T00:00:00.001Z.'],
  ['different', 'listing', 1, 'Missing at the target  b/data  a�[2Jb  v1       only at the source'],
  ['different', 'attributes', 3, 'Missing at the target  b/data  a�[2Jb  v1       only at the source'],
  ['different', 'bytes', 4, 'Missing at the target  b/data  a�[2Jb  v1       only at the source'],
  ['on-its-way', null, 5, 'on-its-way. As of 1970-01-01T00:00:00.001Z.'],
  ['unknown', null, 2, 'unknown. As of 1970-01-01T00:00:00.001Z.'],
] as const)('compare: %s by %s exits %d', async (verdict, differsBy, exitCode, lastLine) => {
  const states = ['running', 'running', 'done'] as const
  let asked = 0
  const answer: CompareReport = report(verdict, differsBy)
  await engineWith({
    compare: { cost: async () => [cost], start: async () => job('running'), report: () => answer },
    jobs: { list: () => [job(states[asked++] ?? 'done')] },
  })
  expect(await cli('compare', 'r')).toBe(exitCode)
  expect(lines.at(-1)).toBe(lastLine)
  expect(errors[0]).toBe(
    'By listing: up to 2 requests, 0 B to read, at least 0 s. Reckoned from 3 versions. As of 1970-01-01T00:00:00.000Z.',
  )
})

test('sites: as data each carries what it keeps, with what is unknown and why', async () => {
  const [site] = fullWorld(0).sites
  await engineWith({ sites: { list: () => [site!] } })
  expect(await cli('sites', '--json')).toBe(0)
  const [shown] = JSON.parse(lines[0] ?? '')
  expect(shown.profile).toEqual(site!.profile)
  expect(shown.profile.facts.tags).toMatchObject({ value: null, why: expect.stringContaining('s3:PutObjectTagging') })
  expect(await cli('sites', site!.id)).toBe(0)
  expect(lines.join('\n')).toMatch(
    /A key below another \(c and c\/1\) +Both are kept, and the lower one is in no listing/,
  )
})

test('compare: what each level costs is told without comparing', async () => {
  await engineWith({ compare: { cost: async () => [cost] } })
  expect(await cli('compare', 'r', '--cost', '--json')).toBe(0)
  expect(JSON.parse(lines[0] ?? '')).toEqual([cost])
})

test('a long wait is asked for in slices, and its timeout exits 1', async () => {
  const asked: number[] = []
  await engineWith({
    wait: {
      settled: ({ timeoutMs }) => {
        asked.push(timeoutMs)
        nowMs += timeoutMs
        return Promise.resolve({ settled: false, pending: 7, parked: 1, notConverging: 0, unknown: 0, held: [] })
      },
    },
  })
  expect(await cli('wait', '--settled', '--timeout', '150')).toBe(1)
  expect(asked).toEqual([60_000, 60_000, 30_000])
  expect(lines).toEqual(['Not settled: 7 pending; 1 parked, see: lockstep failures.'])
})

test('failure: names an item that has settled and how it ended, and exits 1 for a number that no item had', async () => {
  const at = { site: 'a', bucket: 'data' }
  const name = { linkId: 'r/b', ruleId: 'r', source: at, target: { ...at, site: 'b' }, key: 'notes', versionId: 'v1' }
  const none = { attempt: null, fault: null, did: null }
  await engineWith({
    failures: {
      get: async ({ seq }) => {
        if (seq !== 7) throw new FaultError(fault('NOT_FOUND', `No item has the number ${seq}.`))
        const history = [{ ...none, at: 0, what: 'settled' as const, attempt: 2, did: 'source-gone' as const }]
        return { ...name, seq, asOf: 5, history, state: 'settled', settledAt: 0, did: 'source-gone' }
      },
    },
  })
  expect(await cli('failure', '7')).toBe(0)
  expect(lines.join('\n')).toMatch(
    /^7: notes, version v1\nRule r, from a\/data to b\/data\nEnded: the version is gone[^]*attempt 2/,
  )
  expect(await cli('failure', '8')).toBe(1)
})

test('a wait ends at once over keys that no time brings together, exits 1 and says where to see them', async () => {
  const settled = { settled: false, pending: 0, parked: 0, notConverging: 3, unknown: 0, held: [] }
  await engineWith({ wait: { settled: () => Promise.resolve(settled) } })
  expect(await cli('wait', '--settled', '--timeout', '150')).toBe(1)
  expect(lines).toEqual(['Not settled: 0 pending; 3 keys do not converge, see: lockstep keys.'])
})

test('keys: names what each side has, and exits 1 while there are any', async () => {
  const current = { versionId: 'v', modifiedAt: 0, sizeBytes: 2048, deleteMarker: false }
  const keys = [{ key: 'k', source: current, target: { ...current, deleteMarker: true } }]
  await engineWith({ rules: { keys: () => [{ linkId: 'r/b/data', kind: 'not-converging', count: 2, keys }] } })
  expect(await cli('keys', 'r')).toBe(1)
  expect(lines.join('\n')).toMatch(
    /2 keys were written at both sides[^]*k +2\.0 KiB, 1970-[^]* deleted, 1970-[^]*1 more/,
  )
})

test('retry wants either rows or --all', async () => {
  const asked: unknown[] = []
  await engineWith({ failures: { retry: async (q) => (asked.push(q), job('done')) } })
  expect([await cli('retry'), await cli('retry', '3', '--all'), await cli('retry', 'x')]).toEqual([2, 2, 2])
  expect([await cli('retry', '3', '4'), await cli('retry', '--all', '--rule', 'r')]).toEqual([0, 0])
  expect(asked).toMatchObject([{ seqs: [3, 4] }, { filter: { ruleId: 'r', code: null } }])
})

test('a refusal of the engine is printed with its remedy and exits 1', async () => {
  await engineWith({})
  expect(await cli('pause', 'r')).toBe(1)
  expect(errors).toEqual(['rules.pause is not part of this test.', expect.stringContaining('See the message')])
})

test('a wrong configuration is refused whole: exit 2, each issue on its line, no secret shown', async () => {
  const file = path.join(dataDir, 'wrong.json')
  const credentials = { accesKeyId: 'AKIA', secretAccessKey: 'hush' }
  const site = { id: 'A B', name: 'x', endpoint: 'nope', credentials }
  const rule = { id: 'r', source: { site: 'a', bucket: 'b' }, targets: [] }
  writeFileSync(file, JSON.stringify({ version: 1, sites: [site], rules: [rule], extra: 1 }))
  expect(await cli('serve', '--config', file)).toBe(2)
  expect(errors.slice(0, -1).flatMap((text) => text.split('\n'))).toEqual([
    'sites.0.id: “A B” – use 1–63 lower-case letters, digits and dashes',
    'sites.0.endpoint: “nope” – use a full URL such as https://s3.example.org:9000',
    'sites.0.credentials.accessKeyId: (missing) – expected string',
    'sites.0.credentials.accesKeyId: unknown setting – remove it or mend its spelling',
    'rules.0.source.bucket: “b” – use 3–63 lower-case letters, digits, dots and dashes',
    'rules.0.targets: “[]” – give at least 1',
    'extra: unknown setting – remove it or mend its spelling',
  ])
  expect(errors.join()).not.toMatch(/AKIA|hush/)
})

test('a configuration that is not JSON names the place and not the text around it', () => {
  const text = '{\n  "secretAccessKey": "hush" oops'
  const refused = (() => {
    try {
      return parseConfig(configSchema, text, 'c.json')
    } catch (error) {
      return error instanceof FaultError ? error.fault.message : error
    }
  })()
  expect(refused).toBe('c.json: is not JSON – mend its syntax at line 2, column 29')
})

test('build/config.schema.json is the schema that the program checks by', () => {
  const file = new URL('../../build/config.schema.json', import.meta.url)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(configJsonSchema())
})

test('compare: a row names its target, and nothing that only the link’s id has', async () => {
  const target = { site: 'b', bucket: 'data' }
  const links = [{ ruleId: 'r', linkId: 'r/b/data/2', target }]
  const differences = report('different').differences.map((row) => ({ ...row, linkId: 'r/b/data/2' }))
  await engineWith({
    compare: {
      cost: async () => [cost],
      start: async () => job('running'),
      report: () => ({ ...report('different'), links, differences }),
    },
    jobs: { list: () => [job('done')] },
  })
  await cli('compare', 'r')
  expect(lines.at(-1)).toBe('Missing at the target  b/data  a�[2Jb  v1       only at the source')
})
