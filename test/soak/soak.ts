import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { makeBucket } from '../support/buckets.ts'
import { freePort } from '../support/ports.ts'
import { Random } from '../support/random.ts'
import { s3Client } from '../support/s3-site.ts'
import { AcknowledgedChecker } from './acknowledged.ts'
import { AtRestChecker } from './at-rest.ts'
import { EngineLife } from './engine-life.ts'
import { FailureChecker } from './failures.ts'
import { watchHealth } from './health.ts'
import { checkInStep } from './in-step.ts'
import { Ledger } from './ledger.ts'
import { Load } from './load.ts'
import { differencesOf, inWords } from './reading.ts'
import { soakConfig, soakRules } from './rules.ts'
import { openStage, siteNames, type SiteName, type Stage, type Vendor } from './stage.ts'
import { pause, storm } from './storm.ts'
import { Tally, type Word } from './tally.ts'

export interface SoakOptions {
  readonly dir: string
  readonly minutes: number
  readonly seed: number
  readonly vendors: Readonly<Record<SiteName, Vendor>>
  /** Changes per second and rule. */
  readonly ratePerSecond: number
  /** Between two rounds of checks, ms; a round holds every word against the sites. */
  readonly roundEveryMs: number
  readonly longestFaultMs: number
  readonly tell: (line: string) => void
}

export interface SoakReport {
  readonly tally: Tally
  readonly faults: ReadonlyMap<string, number>
  readonly steps: ReadonlyMap<string, number>
  readonly refusals: ReadonlyMap<string, number>
  readonly answered: number
  readonly unanswered: number
  readonly lives: number
  readonly rounds: number
  /** Resident memory of the engine at the middle and at the end, bytes; one life between them. */
  readonly residentBytes: { readonly middle: number; readonly end: number; readonly most: number }
  readonly complaints: readonly string[]
  /** What the sites differ in after everything was mended and brought in step. */
  readonly apart: readonly string[]
}

/**
 * A mixed load through several rules between sites of different vendors, one random fault after the other, and each word
 * of the API held against the sites by readers that share no code with the engine. Ends mended, in step and compared whole.
 */
export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { dir, seed, tell } = options
  const stage = await openStage(dir, options.vendors)
  try {
    await makeBuckets(stage)
    const ports = { gateway: await freePort(), webhook: await freePort() }
    const engine = new EngineLife({ dir: join(dir, 'engine'), config: soakConfig(stage, ports) })
    await engine.start()
    try {
      return await run(options, stage, engine, `http://127.0.0.1:${ports.gateway}`)
    } finally {
      await engine.kill9()
    }
  } finally {
    await Promise.all(siteNames.map((name) => stage[name].stop()))
    tell(`seed ${seed} ended`)
  }
}

async function run(options: SoakOptions, stage: Stage, engine: EngineLife, gatewayUrl: string): Promise<SoakReport> {
  const { seed, tell, ratePerSecond } = options
  const tally = new Tally(tell)
  const ledger = new Ledger()
  const rules = soakRules
  const acknowledged = new AcknowledgedChecker({ stage, ledger, tally, seed })
  const load = new Load({
    stage,
    rules,
    ledger,
    gatewayUrl,
    seed,
    ratePerSecond,
    onDone: (rule, done) => acknowledged.atOnce(rule, done),
  })
  const atRest = new AtRestChecker({ stage, engine, load, tally })
  const failures = new FailureChecker({ stage, engine, ledger, tally, rules })
  const ends = new AbortController()
  const { signal } = ends
  const startedAt = Date.now()
  const halfMs = options.minutes * 30_000
  const isSecondHalf = (): boolean => Date.now() - startedAt > halfMs
  const memory = { middle: 0, end: 0, most: 0 }
  load.start()
  const stormed = storm({
    stage,
    engine,
    random: new Random(seed + 1000),
    signal,
    mayKillEngine: () => !isSecondHalf(),
    longestMs: options.longestFaultMs,
    tell,
  })
  const health = watchHealth({ stage, engine, tally, signal })
  let rounds = 0
  while (Date.now() - startedAt < 2 * halfMs) {
    const roundAt = Date.now()
    const look = async (word: Word, check: () => Promise<void>): Promise<void> => {
      await check().catch((error: unknown) =>
        tally.unasked(word, error instanceof Error ? error.message : String(error)),
      )
    }
    await look('in step', () => checkInStep({ stage, engine, ledger, tally, rules }))
    await look('acknowledged', () => acknowledged.everything(rules))
    await look('failure', () => failures.check())
    await look('settled', () => atRest.check(rules[rounds % rules.length]!))
    rounds += 1
    const resident = engine.residentBytes
    memory.most = Math.max(memory.most, resident)
    if (isSecondHalf() && memory.middle === 0) memory.middle = resident
    if (resident > 0) memory.end = resident
    tell(roundText(rounds, tally, ledger, resident))
    await pause(options.roundEveryMs - (Date.now() - roundAt), signal)
  }
  ends.abort()
  const faults = await stormed
  await Promise.all([load.stop(), health])
  const apart = await inTheEnd(stage, engine, acknowledged, tell)
  return {
    tally,
    faults,
    steps: load.byStep,
    refusals: load.refusals,
    answered: ledger.answeredCount,
    unanswered: ledger.unansweredCount,
    lives: engine.lives,
    rounds,
    residentBytes: memory,
    complaints: engine.complaints,
    apart,
  }
}

const roundText = (round: number, tally: Tally, ledger: Ledger, resident: number): string =>
  `round ${round}: ${ledger.answeredCount} changes answered, ${tally.lies.length} lies, engine ${(resident / 1e6).toFixed(0)} MB`

async function inTheEnd(
  stage: Stage,
  engine: EngineLife,
  acknowledged: AcknowledgedChecker,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  tell('everything is mended; bringing all rules in step')
  // What a client was not answered may still be carried out for a while.
  await wait(5_000)
  await engine.now.bringInStep(600)
  await acknowledged.everything(soakRules)
  const apart: string[] = []
  for (const rule of soakRules)
    for (const target of rule.targets) {
      const differences = await differencesOf(stage, rule, target, { only: () => true })
      if (differences.length > 0) apart.push(`${rule.id} → ${target}: ${differences.length}: ${inWords(differences)}`)
    }
  return apart
}

async function makeBuckets(stage: Stage): Promise<void> {
  for (const rule of soakRules)
    for (const site of [rule.source, ...rule.targets])
      await makeBucket(s3Client(stage[site].direct), rule.id, { lock: rule.lock })
}
