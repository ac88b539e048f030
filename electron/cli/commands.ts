import type { WaitResult } from '../../shared/api/engine-api.ts'
import type { CompareLevel, CompareReport } from '../../shared/model/compare.ts'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { ruleOf } from '../../shared/model/rule.ts'
import type { SiteView } from '../../shared/model/site.ts'
import { connect, newConsoleLink, type EngineClient } from './client.ts'
import { exitCodes, type CliIo, type ExitCode } from './io.ts'
import { compareLines, costLines } from './compare-view.ts'
import {
  failuresLines,
  fidelityLines,
  itemLines,
  keysLines,
  overviewLines,
  rulesLines,
  settledLines,
  siteLines,
  sitesLines,
} from './views.ts'

export interface AskOptions {
  readonly data: string
  readonly json?: boolean | undefined
}

// fetch gives up on an answer that does not begin within five minutes, so long waits are asked for in slices.
const waitSliceMs = 60_000
const jobPollMs = 250

/** Prints the API's value or its table. */
function show<T>(io: CliIo, options: AskOptions, value: T, lines: (value: T) => readonly string[]): void {
  if (options.json === true) io.out(JSON.stringify(value))
  else lines(value).forEach(io.out)
}

export async function showStatus(io: CliIo, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  show(io, options, await client.overview.get.query(), overviewLines)
  return exitCodes.yes
}

export interface SiteOptions extends AskOptions {
  readonly probe?: boolean | undefined
  readonly bucket?: string | undefined
}

export async function showSites(io: CliIo, siteId: string | undefined, options: SiteOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  if (siteId !== undefined) show(io, options, await siteOf(client, siteId, options), siteLines)
  else if (options.probe === true) throw new FaultError(fault('CONFIG_INVALID', 'Name the site that is to be probed.'))
  else show(io, options, await client.sites.list.query(), sitesLines)
  return exitCodes.yes
}

async function siteOf(client: EngineClient, id: string, { probe, bucket }: SiteOptions): Promise<SiteView> {
  if (probe === true || bucket !== undefined) return client.sites.profile.mutate({ id, bucket: bucket ?? null })
  const site = (await client.sites.list.query()).find((one) => one.id === id)
  if (site === undefined) throw new FaultError(fault('NOT_FOUND', `There is no site ${id}.`))
  return site
}

export async function showRules(io: CliIo, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  show(io, options, await client.rules.list.query(), rulesLines)
  return exitCodes.yes
}

export async function showFidelity(io: CliIo, ruleId: string, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const rule = ruleOf(await client.rules.get.query({ id: ruleId }))
  show(io, options, await client.rules.fidelity.query(rule), fidelityLines)
  return exitCodes.yes
}

export async function showKeys(io: CliIo, ruleId: string, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const links = await client.rules.keys.query({ id: ruleId })
  show(io, options, links, keysLines)
  return links.length === 0 ? exitCodes.yes : exitCodes.no
}

export interface FailureOptions extends AskOptions {
  readonly rule?: string | undefined
  readonly code?: string | undefined
}

export async function showFailures(io: CliIo, options: FailureOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const filter = { ruleId: options.rule ?? null, code: options.code ?? null }
  show(io, options, await client.failures.list.query({ filter, limit: 500 }), failuresLines)
  return exitCodes.yes
}

export async function showFailure(io: CliIo, seq: number, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  show(io, options, await client.failures.get.query({ seq }), itemLines)
  return exitCodes.yes
}

export interface RetryOptions extends FailureOptions {
  readonly all?: boolean | undefined
}

export async function retryFailures(io: CliIo, seqs: readonly number[], options: RetryOptions): Promise<ExitCode> {
  if (seqs.length > 0 === (options.all === true)) {
    throw new FaultError(fault('CONFIG_INVALID', 'Name the failures by their SEQ, or say --all.'))
  }
  const client = await connect(options.data)
  const filter = { ruleId: options.rule ?? null, code: options.code ?? null }
  const job = await client.failures.retry.mutate(options.all === true ? { filter } : { seqs: [...seqs] })
  show(io, options, job, ({ title }) => [title])
  return exitCodes.yes
}

export async function switchRule(
  io: CliIo,
  to: 'pause' | 'resume',
  ruleId: string,
  options: AskOptions,
): Promise<ExitCode> {
  const client = await connect(options.data)
  show(io, options, await client.rules[to].mutate({ id: ruleId }), (rule) => rulesLines([rule]))
  return exitCodes.yes
}

export async function coverKeys(io: CliIo, ruleId: string, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  show(io, options, await client.rules.answer.mutate({ id: ruleId, answer: 'cover' }), (rule) => rulesLines([rule]))
  return exitCodes.yes
}

/** Looks again at what is held: `yes` when nothing of it is held any more. */
export async function lookAgain(io: CliIo, ruleId: string | undefined, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const { id } = await client.rules.lookAgain.mutate({ ruleId: ruleId ?? null })
  await jobEnd(io, client, id)
  const job = (await client.jobs.list.query()).find((one) => one.id === id)
  if (job === undefined) throw new FaultError(fault('NOT_FOUND', 'The look left no result.'))
  show(io, options, job, ({ result, fault: met }) => [result ?? met?.message ?? 'The look did not end.'])
  const { held } = await client.overview.get.query()
  const isHeld = held.some(({ ruleIds }) => ruleId === undefined || ruleIds.includes(ruleId))
  return job.state === 'done' && !isHeld ? exitCodes.yes : exitCodes.no
}

export async function setRegion(io: CliIo, siteId: string, region: string, options: AskOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  show(io, options, await client.sites.setRegion.mutate({ id: siteId, region }), (site) => sitesLines([site]))
  return exitCodes.yes
}

export interface CompareOptions extends AskOptions {
  readonly level: CompareLevel
  readonly cost?: boolean | undefined
  readonly prefix?: string | undefined
}

/**
 * Compares both sides: `yes` only when they are equal at the level asked for, `unknown` when it could not look at everything. Its
 * cost is told first; with `cost` that is all.
 */
export async function compareRule(io: CliIo, ruleId: string, options: CompareOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const { level, prefix = '' } = options
  const costs = await client.compare.cost.query({ ruleId, prefix })
  if (options.cost === true) {
    show(io, options, costs, costLines)
    return exitCodes.yes
  }
  if (options.json !== true) costLines(costs.filter((one) => one.level === level)).forEach(io.err)
  const { id } = await client.compare.start.mutate({ ruleId, level, prefix })
  await jobEnd(io, client, id)
  const report = await client.compare.report.query({ jobId: id })
  if (report === null) throw new FaultError(fault('NOT_FOUND', 'The comparison left no report.'))
  show(io, options, report, compareLines)
  return compareExit(report)
}

const differsExits = {
  listing: exitCodes.no,
  attributes: exitCodes.noByAttributes,
  bytes: exitCodes.noByBytes,
} as const satisfies Record<CompareLevel, ExitCode>

function compareExit({ verdict, differsBy }: CompareReport): ExitCode {
  if (verdict === 'equal') return exitCodes.yes
  if (verdict === 'different') return differsExits[differsBy ?? 'listing']
  return verdict === 'on-its-way' ? exitCodes.onItsWay : exitCodes.unknown
}

async function jobEnd(io: CliIo, client: EngineClient, jobId: string): Promise<void> {
  while ((await client.jobs.list.query()).some((job) => job.id === jobId && job.state === 'running')) {
    await io.delay(jobPollMs)
  }
}

export interface WaitOptions extends AskOptions {
  readonly rule?: string | undefined
  readonly timeout: number
}

/** Waits until nothing is pending: `yes` when settled, `no` at the timeout. */
export async function waitSettled(io: CliIo, options: WaitOptions): Promise<ExitCode> {
  const client = await connect(options.data)
  const settled = await waitUntil(io, client, options.rule ?? null, io.now() + options.timeout * 1000)
  show(io, options, settled, settledLines)
  return settled.settled ? exitCodes.yes : exitCodes.no
}

async function waitUntil(
  io: CliIo,
  client: EngineClient,
  ruleId: string | null,
  deadlineAt: number,
): Promise<WaitResult> {
  for (;;) {
    const leftMs = Math.max(0, Math.round(deadlineAt - io.now()))
    const answer = await client.wait.settled.query({ ruleId, timeoutMs: Math.min(leftMs, waitSliceMs) })
    const isFinal = answer.settled || (answer.notConverging > 0 && answer.pending === 0)
    if (isFinal || leftMs <= waitSliceMs) return answer
  }
}

export async function printConsoleLink(io: CliIo, options: AskOptions): Promise<ExitCode> {
  const console = await newConsoleLink(options.data)
  show(io, options, { console }, () => [console])
  return exitCodes.yes
}
