import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { existsSync, globSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { ensurePackages, packagesOf } from './support/install.ts'
import { LastWords, readStrays } from './support/last-words.ts'
import { ensureMinio } from './support/minio.ts'
import { ensureVersitygw } from './support/versitygw.ts'

const root = join(import.meta.dirname, '..')
const bin = join(root, 'node_modules/.bin')

interface Outcome {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** What failed, by name and reason: told again at the end, where it is found. */
  readonly failures: readonly string[]
}

interface Suite {
  readonly name: string
  readonly about: string
  /** Ended, and counted as failed, when it takes longer. Together they stay within an hour and a half. */
  readonly limitMinutes: number
}

/** Each row but the first is a vitest project of the same name in `vitest.config.ts`. Cheap ones first. */
const suites: readonly Suite[] = [
  { name: 'check', about: 'types, lint, format, unused code, the order of the floors', limitMinutes: 8 },
  { name: 'unit', about: 'pure rules, parsers, the journal, the comparer', limitMinutes: 8 },
  { name: 'behaviour', about: 'one file per promise, on sandbox sites', limitMinutes: 20 },
  { name: 'renderer', about: 'the console’s pages, by role and text', limitMinutes: 14 },
  { name: 'packaging', about: 'what is built and installed', limitMinutes: 10 },
  { name: 'e2e', about: 'the whole console in a browser', limitMinutes: 20 },
  { name: 'conformance', about: 'sandbox, Ceph and MinIO against the same questions', limitMinutes: 10 },
  { name: 'real', about: 'replication between real Ceph, MinIO and versitygw sites', limitMinutes: 20 },
  { name: 'crash', about: 'kill -9 at random moments', limitMinutes: 20 },
]

/** `npm test [suite…]`: all suites, or those named. The last line is `N passed, N failed`; resolves with the exit code. */
export async function main(names: readonly string[]): Promise<number> {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    say(`No such suite: ${unknown.join(', ')}. There are: ${suites.map((suite) => suite.name).join(', ')}.`)
    return 2
  }
  const chosen = suites.filter(({ name }) => names.length === 0 || names.includes(name))
  await prepare(chosen)
  const scratch = await mkdtemp(join(tmpdir(), 'lockstep-test-'))
  const total = { passed: 0, failed: 0, skipped: 0 }
  const lines: string[] = []
  const failures: string[] = []
  for (const suite of chosen) {
    const startedAt = performance.now()
    say(`\n▶ ${suite.name}: ${suite.about}`)
    const outcome = suite.name === 'check' ? await runChecks(suite) : await runVitest(suite, scratch)
    total.passed += outcome.passed
    total.failed += outcome.failed
    total.skipped += outcome.skipped
    failures.push(...outcome.failures)
    lines.push(summary(suite, outcome, (performance.now() - startedAt) / 1000))
    say(lines.at(-1)!)
  }
  await report(lines, total, join(scratch, 'skipped'))
  failures.forEach((failure) => say(`\n✘ ${failure}`))
  await rm(scratch, { recursive: true, force: true })
  say(`${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}

/**
 * Installs and builds what the chosen suites need, one after the other, before anything is timed. What cannot be had is
 * told by the suite that misses it, which asks again.
 */
async function prepare(chosen: readonly Suite[]): Promise<void> {
  const needs = (...names: readonly string[]): boolean => chosen.some((suite) => names.includes(suite.name))
  if (needs('conformance', 'real', 'crash')) await ensurePackages(packagesOf.ceph)
  if (needs('conformance', 'real')) await ensureMinio()
  if (needs('real')) await ensureVersitygw()
  if (needs('real')) await ensurePackages(packagesOf.s3Clients)
  if (needs('renderer', 'e2e')) await ensurePackages(packagesOf.chromium)
}

async function report(lines: readonly string[], total: Pick<Outcome, 'skipped'>, notesFile: string): Promise<void> {
  say('')
  lines.forEach(say)
  const notes = existsSync(notesFile) ? (await readFile(notesFile, 'utf8')).trim().split('\n') : []
  if (total.skipped === 0 && notes.length === 0) return
  say(`(${total.skipped} skipped: ${[...new Set(notes)].join('; ') || 'see the tests'})`)
}

function summary(suite: Suite, { passed, failed, skipped }: Outcome, seconds: number): string {
  const mark = failed === 0 ? '✔' : '✘'
  const left = skipped === 0 ? '' : `, ${skipped} skipped`
  return `${mark} ${suite.name.padEnd(12)} ${passed} passed, ${failed} failed${left} (${seconds.toFixed(0)} s)`
}

/** Every check counts as one test. */
async function runChecks(suite: Suite): Promise<Outcome> {
  const checks: readonly (readonly [name: string, command: string, args: readonly string[]])[] = [
    ['types', 'tsc', ['-b']],
    ['lint', 'oxlint', ['--type-aware']],
    ['format', 'prettier', ['--check', '--log-level', 'warn', '.']],
    ['unused', 'knip', ['--no-config-hints']],
    ['floors', 'node', ['test/floors/run.ts']],
  ]
  const failures: string[] = []
  for (const [name, command, args] of checks) {
    const { code } = await run(join(bin, command), args, suite.limitMinutes)
    say(`  ${code === 0 ? '✔' : '✘'} ${name}`)
    if (code !== 0) failures.push(`check › ${name}: ${command} ended with ${code}`)
  }
  return { passed: checks.length - failures.length, failed: failures.length, skipped: 0, failures }
}

const reportSchema = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(''),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
})

async function runVitest(suite: Suite, scratch: string): Promise<Outcome> {
  if (globSync(`${suite.name}/**/*.test.{ts,tsx}`, { cwd: import.meta.dirname }).length === 0) {
    return brokenSuite(`${suite.name}: no tests found`)
  }
  const file = join(scratch, `${suite.name}.json`)
  const config = ['--config', join(import.meta.dirname, 'vitest.config.ts'), '--project', suite.name]
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const strays = join(scratch, `${suite.name}.strays`)
  const { code, lastWords } = await run(join(bin, 'vitest'), ['run', ...config, ...reporters], suite.limitMinutes, {
    LOCKSTEP_SKIP_NOTES: join(scratch, 'skipped'),
    LOCKSTEP_STRAYS: strays,
  })
  const parsed = existsSync(file) ? reportSchema.safeParse(JSON.parse(await readFile(file, 'utf8'))) : null
  if (parsed === null || !parsed.success) {
    return brokenSuite([`${suite.name} ended with ${code} and left no report`, ...lastWords].join('\n'))
  }
  return outcomeOf(parsed.data, { code, strays: readStrays(strays), lastWords })
}

function brokenSuite(reason: string): Outcome {
  return { passed: 0, failed: 1, skipped: 0, failures: [reason] }
}

/** How vitest ended. */
interface Ending {
  readonly code: number | string
  /** Errors that belong to no test. */
  readonly strays: readonly string[]
  /** Of stderr. */
  readonly lastWords: readonly string[]
}

/** A file that could not be loaded has no failed test, and an unhandled error belongs to none: both count as one. */
export function outcomeOf(result: z.output<typeof reportSchema>, ending: Ending): Outcome {
  const failures = result.testResults.flatMap((file) => failuresOf(file, ending))
  if (failures.length === 0 && (ending.code !== 0 || result.numPassedTests + result.numPendingTests === 0))
    failures.push([`ended with ${ending.code} though no test failed`, ...ending.strays].join('\n'))
  return {
    passed: result.numPassedTests,
    failed: failures.length,
    skipped: result.numPendingTests + result.numTodoTests,
    failures,
  }
}

function failuresOf(
  file: z.output<typeof reportSchema>['testResults'][number],
  { strays, lastWords }: Ending,
): readonly string[] {
  const name = relative(import.meta.dirname, file.name)
  const tests = file.assertionResults.filter((test) => test.status === 'failed')
  if (file.status !== 'failed' || tests.length > 0)
    return tests.map((test) => `${name} › ${test.fullName}\n${(test.failureMessages ?? []).join('\n')}`)
  if (file.message !== '') return [`${name}: ${file.message}`]
  // Its process died, and only the error that belongs to no test knows how.
  const death = strays.find((stray) => stray.includes(file.name))
  return [[`${name}: ${death ?? 'could not be run'}`, ...lastWords].join('\n')]
}

async function run(
  command: string,
  args: readonly string[],
  limitMinutes: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | string; readonly lastWords: readonly string[] }> {
  const child = spawn(command, args, {
    cwd: root,
    // Scripts that say `node` get the Node of the dependencies, whatever the system has.
    env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`, ...environment },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  const lastWords = new LastWords()
  lastWords.listen(child.stderr, process.stderr)
  const limit = setTimeout(() => {
    say(`  longer than ${limitMinutes} minutes: ended`)
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 10_000).unref()
  }, limitMinutes * 60_000)
  await Promise.race([once(child, 'exit'), once(child, 'error').then(([error]: unknown[]) => say(String(error)))])
  clearTimeout(limit)
  // The end of what it said; what it left behind may hold its stderr open.
  await Promise.race([once(child, 'close'), wait(1000)])
  return { code: child.exitCode ?? child.signalCode ?? 1, lastWords: lastWords.lines }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
