/*
 * Command line: declares every command. Those that ask a running engine are in `commands.ts`, what they print in `views.ts`.
 */

import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { compareLevels } from '../../shared/model/compare.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { faultOfAnswer, NoEngineError } from './client.ts'
import * as commands from './commands.ts'
import type { AddKeyOptions } from './sse-c-keys.ts'
import { exitCodes, type CliIo, type ExitCode } from './io.ts'
import { serveUntilStopped } from './serve-command.ts'
import { configJsonSchema } from '../engine/config/json-schema.ts'
import { standardStreams } from './standard-streams.ts'
import { processSignals } from '../process/stop-signal.ts'
import { processStrays } from '../process/stray-errors.ts'
import { version } from '../process/version.ts'

/** Runs one command line (without the program's name) and returns its exit code. Used by `build/lockstep.mjs`. */
export async function runCli(args: readonly string[], io: CliIo = processIo()): Promise<ExitCode> {
  const outcome: { exitCode: ExitCode } = { exitCode: exitCodes.yes }
  try {
    await program(io, outcome).parseAsync([...args], { from: 'user' })
    return await written(io, outcome.exitCode)
  } catch (error) {
    return reportFailure(io, error, args[0] ?? '')
  }
}

/** An answer that did not reach its file is none. */
async function written(io: CliIo, exitCode: ExitCode): Promise<ExitCode> {
  await io.delay(0)
  const why = io.lost()
  if (why === null) return exitCode
  io.err(`The answer could not be written: ${why}`)
  return exitCodes.unknown
}

type Run<A extends readonly unknown[]> = (...args: A) => Promise<ExitCode>

function program(io: CliIo, outcome: { exitCode: ExitCode }): Command {
  const root = new Command('lockstep')
    .description('Keeps S3 buckets in step across sites.')
    .version(io.version)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
  const ends =
    <A extends readonly unknown[]>(run: Run<A>) =>
    async (...args: A): Promise<void> => {
      outcome.exitCode = await run(...args)
    }
  addServe(root, io, ends)
  addQuestions(root, io, ends)
  addOrders(root, io, ends)
  addWaysOut(root, io, ends)
  root
    .command('config')
    .description('about lockstep.config.json')
    .command('schema')
    .description('print its JSON schema')
    .action(() => io.out(JSON.stringify(configJsonSchema(), null, 2)))
  return root
}

type Ends = <A extends readonly unknown[]>(run: Run<A>) => (...args: A) => Promise<void>

function addServe(root: Command, io: CliIo, ends: Ends): void {
  root
    .command('serve')
    .description('run the engine and serve its console on loopback; prints one JSON line when ready')
    .requiredOption('--data <dir>', 'holds the journal and the credentials')
    .option('--config <file>', 'sites, rules and workers as code')
    .option('--listen <host:port>', 'loopback address of the console', listenAddress, listenAddress('127.0.0.1:0'))
    .addOption(new Option('--passphrase-file <file>', 'opens the credentials vault').conflicts('keyFile'))
    .option('--key-file <file>', 'opens the credentials vault')
    .action(ends((options: Parameters<typeof serveUntilStopped>[1]) => serveUntilStopped(io, options)))
}

function ask(root: Command, name: string, description: string): Command {
  return root
    .command(name)
    .description(description)
    .requiredOption('--data <dir>', 'data directory of the running engine')
    .option('--json', 'print the value as JSON')
}

function addQuestions(root: Command, io: CliIo, ends: Ends): void {
  ask(root, 'status', 'what is pending, failing and moving').action(
    ends((options: commands.AskOptions) => commands.showStatus(io, options)),
  )
  ask(root, 'sites [site]', 'sites and their health; of one site, also what it keeps')
    .option(
      '--probe',
      'find that out again, with small objects that are removed at once: some 60 requests, one after the other',
    )
    .option('--bucket <name>', 'where to try it; by default where it was tried before, or where a rule writes')
    .action(ends((site: string | undefined, options: commands.SiteOptions) => commands.showSites(io, site, options)))
  ask(root, 'rules', 'rules and their links').action(
    ends((options: commands.AskOptions) => commands.showRules(io, options)),
  )
  ask(root, 'failures', 'what is not in step, why, and when it is tried again')
    .option('--rule <id>')
    .option('--code <code>', 'fault code such as ACCESS_DENIED')
    .action(ends((options: commands.FailureOptions) => commands.showFailures(io, options)))
  ask(
    root,
    'fidelity <rule>',
    'what each target keeps of an object: kept, translated how, not kept, or refused',
  ).action(ends((rule: string, options: commands.AskOptions) => commands.showFidelity(io, rule, options)))
  ask(root, 'failure <seq>', 'one item of that list with its history, also after it has settled').action(
    ends((seq: string, options: commands.AskOptions) => commands.showFailure(io, sequence(seq), options)),
  )
  ask(root, 'keys <rule>', 'keys that want a look, such as those that do not converge; exit 0 none, 1 some').action(
    ends((rule: string, options: commands.AskOptions) => commands.showKeys(io, rule, options)),
  )
  ask(
    root,
    'compare <rule>',
    'compare both sides; exit 0 equal at that level, in all that the sites list, 1 the listings differ, 3 the attributes differ, 4 the bytes differ, 5 all that differs is on its way, 2 could not tell',
  )
    .addOption(
      new Option(
        '--level <level>',
        'listing: one listing of each side; attributes: asks for every version; bytes: reads every version',
      )
        .choices(compareLevels)
        .default('listing'),
    )
    .option('--cost', 'only tell what each level would ask of both sites')
    .option('--prefix <prefix>')
    .action(ends((rule: string, options: commands.CompareOptions) => commands.compareRule(io, rule, options)))
  ask(
    root,
    'wait',
    'wait until nothing is pending, held or out of sight; exit 0 settled, 1 timeout or keys that do not converge, 2 no engine',
  )
    .addOption(new Option('--settled', 'what to wait for').makeOptionMandatory())
    .option('--rule <id>')
    .requiredOption('--timeout <seconds>', 'how long at most', seconds)
    .action(ends((options: commands.WaitOptions) => commands.waitSettled(io, options)))
  ask(root, 'console', 'a fresh link that opens the console once').action(
    ends((options: commands.AskOptions) => commands.printConsoleLink(io, options)),
  )
}

function addOrders(root: Command, io: CliIo, ends: Ends): void {
  ask(root, 'retry [seq...]', 'try failures again: those named, or --all')
    .option('--all', 'all that match --rule and --code')
    .option('--rule <id>')
    .option('--code <code>')
    .action(
      ends((seqs: readonly string[], options: commands.RetryOptions) =>
        commands.retryFailures(io, seqs.map(sequence), options),
      ),
    )
  ask(
    root,
    'look [rule]',
    'look again at what is held, or at one rule; exit 0 nothing of it is held, 1 something is',
  ).action(ends((rule: string | undefined, options: commands.AskOptions) => commands.lookAgain(io, rule, options)))
  ask(root, 'region <site> <region>', 'sign for another region at a site').action(
    ends((site: string, region: string, options: commands.AskOptions) => commands.setRegion(io, site, region, options)),
  )
  ask(root, 'cover <rule>', 'let a stopped rule cover what others wrote at its target; that stays below').action(
    ends((rule: string, options: commands.AskOptions) => commands.coverKeys(io, rule, options)),
  )
  addSseCKeys(root, io, ends)
  for (const to of ['pause', 'resume'] as const) {
    ask(root, `${to} <rule>`, to === 'pause' ? 'hold a rule; its changes gather' : 'let a rule go on').action(
      ends((rule: string, options: commands.AskOptions) => commands.switchRule(io, to, rule, options)),
    )
  }
}

function addSseCKeys(root: Command, io: CliIo, ends: Ends): void {
  const group = root.command('sse-c-keys').description('keys of clients (SSE-C) by which rules copy what is under them')
  ask(group, 'list', 'names, and the MD5 by which sites tell them').action(
    ends(async (options: commands.AskOptions) => (await import('./sse-c-keys.ts')).listSseCKeys(io, options)),
  )
  ask(group, 'add <name>', 'store a key of 32 bytes; it is never told again')
    .addOption(new Option('--file <file>', 'holds it as base64, hex, or 32 bytes as they are').conflicts('env'))
    .option('--env <variable>', 'environment variable that holds it as base64 or hex')
    .action(
      ends(async (name: string, options: AddKeyOptions) =>
        (await import('./sse-c-keys.ts')).addSseCKey(io, name, options),
      ),
    )
  ask(group, 'remove <name>', 'forget a key that no rule names').action(
    ends(async (name: string, options: commands.AskOptions) =>
      (await import('./sse-c-keys.ts')).removeSseCKey(io, name, options),
    ),
  )
}

function addWaysOut(root: Command, io: CliIo, ends: Ends): void {
  const renewal = (name: string, about: string, description: string): Command =>
    root
      .command(name)
      .description(about)
      .command('renew')
      .description(description)
      .requiredOption('--data <dir>', 'data directory; no engine may run on it')
      .option('--json', 'print the value as JSON')
  renewal('journal', 'about the journal', 'set a damaged journal aside and begin a new one; says what is lost').action(
    ends(async (options: commands.AskOptions) => (await import('./renew.ts')).renewDamagedJournal(io, options)),
  )
  renewal(
    'vault',
    'about the credentials',
    'set a vault aside that does not open; says whose keys to enter again',
  ).action(ends(async (options: commands.AskOptions) => (await import('./renew.ts')).renewLockedVault(io, options)))
}

function listenAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(\[[0-9a-f:]+\]|[^\s:]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535) throw new InvalidArgumentError('Use HOST:PORT such as 127.0.0.1:7400.')
  return { host: match[1].replace(/^\[|\]$/g, ''), port }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value <= 86_400)) throw new InvalidArgumentError('Use seconds from 0 to 86400.')
  return value
}

function sequence(text: string): number {
  if (!/^\d+$/.test(text))
    throw new FaultError(fault('CONFIG_INVALID', `"${text}" is not a SEQ from \`lockstep failures\`.`))
  return Number(text)
}

/** Says what went wrong in one or two lines, and how that maps to an exit code. */
function reportFailure(io: CliIo, error: unknown, command: string): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.yes : exitCodes.unknown
  if (error instanceof NoEngineError) {
    io.err(error.message)
    return exitCodes.unknown
  }
  const known = error instanceof FaultError ? error.fault : faultOfAnswer(error)
  if (known === null) {
    io.err(`The engine stopped answering: ${error instanceof Error ? error.message : 'unknown error'}`)
    return exitCodes.unknown
  }
  io.err(known.message)
  io.err(known.remedy)
  const cannotTell = known.code === 'CONFIG_INVALID' || command === 'compare' || command === 'wait'
  return cannotTell ? exitCodes.unknown : exitCodes.no
}

function processIo(): CliIo {
  return {
    ...standardStreams(process.stdout, process.stderr),
    environment: process.env,
    delay: async (delayMs) => await delay(delayMs),
    ...processSignals,
    ...processStrays,
    rendererDir: fileURLToPath(
      new URL(import.meta.url.endsWith('.ts') ? '../../out/renderer' : '../renderer', import.meta.url),
    ),
    version,
  }
}
