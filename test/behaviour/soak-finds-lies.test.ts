import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makeBucket } from '../support/buckets.ts'
import { s3Client } from '../support/s3-site.ts'
import { makeTempDir, type TempDir } from '../support/temp.ts'
import { AcknowledgedChecker } from '../soak/acknowledged.ts'
import { AtRestChecker } from '../soak/at-rest.ts'
import type { Speaker } from '../soak/engine-life.ts'
import { FailureChecker } from '../soak/failures.ts'
import { lookAtHealth } from '../soak/health.ts'
import { checkInStep } from '../soak/in-step.ts'
import { Ledger } from '../soak/ledger.ts'
import type { SoakRule } from '../soak/rules.ts'
import { openStage, siteNames, type Stage } from '../soak/stage.ts'
import { Tally } from '../soak/tally.ts'

// A checker that never finds anything proves nothing: here somebody lies, in each word.

const rule: SoakRule = {
  id: 'told',
  source: 'oslo',
  targets: ['bergen'],
  by: 'gateway',
  lock: false,
  ack: { policy: 'all' },
}
let dir: TempDir
let stage: Stage
let tally: Tally

beforeAll(async () => {
  dir = await makeTempDir('soak-lies')
  stage = await openStage(dir.path, { oslo: 'sandbox', bergen: 'sandbox', narvik: 'sandbox' })
  for (const name of ['oslo', 'bergen'] as const) await makeBucket(s3Client(stage[name].direct), rule.id)
  await put('oslo', 'missing')
  for (const name of ['oslo', 'bergen'] as const) await put(name, 'equal')
})
afterAll(async () => {
  await Promise.all(siteNames.map((name) => stage[name].stop()))
  await dir.remove()
})
beforeEach(() => {
  tally = new Tally(() => undefined)
})

async function put(site: 'oslo' | 'bergen', key: string): Promise<string> {
  const client = s3Client(stage[site].direct)
  const { VersionId } = await client.send(new PutObjectCommand({ Bucket: rule.id, Key: key, Body: key }))
  client.destroy()
  return VersionId!
}

/** Answers what it is told to, to questions by their names; everything has happened just now. */
function liar(answers: Readonly<Record<string, unknown>>): Speaker {
  const ask = (name: string) => () => Promise.resolve(answers[name])
  const routes = new Proxy(
    {},
    {
      get: (_, group: string) =>
        new Proxy(
          {},
          { get: (_, name: string) => ({ query: ask(`${group}.${name}`), mutate: ask(`${group}.${name}`) }) },
        ),
    },
  )
  return { lives: 1, isRunning: true, now: { api: routes as Speaker['now']['api'] } }
}

const scanned = {
  kind: 'scan',
  state: 'idle',
  lastScan: { startedAt: Date.now() + 3_600_000, endedAt: Date.now() + 3_600_001 },
}
const link = {
  unknown: null,
  attributes: null,
  source: { site: 'oslo', bucket: 'told' },
  state: { kind: 'in-step' },
  target: { site: 'bergen', bucket: 'told' },
  backlogCount: 0,
  parked: 0,
}
const atRest = {
  'rules.list': [{ id: 'told', feeds: [scanned], links: [link] }],
  'wait.settled': { settled: true },
  'rules.resync': { id: 'j' },
  'compare.start': { id: 'j' },
  'jobs.list': [{ id: 'j', state: 'done' }],
}
const load = { standStill: () => Promise.resolve(), goOn: () => undefined }
const liesIn = (): readonly string[] => tally.lies.map((line) => /“(.*?)”/.exec(line)![1]!)

test('a key that is missing is found under every word that says it is not', async () => {
  const engine = liar({ ...atRest, 'compare.report': { verdict: 'equal' } })
  await checkInStep({ stage, engine, ledger: new Ledger(), tally, rules: [rule] })
  await new AtRestChecker({ stage, engine, load, tally }).check(rule)
  expect(liesIn()).toEqual(['in step', 'settled', 'pending', 'equal'])
})

test('a comparison that calls equal sides different is found', async () => {
  const equal: SoakRule = { ...rule, id: 'same' }
  for (const name of ['oslo', 'bergen'] as const) await makeBucket(s3Client(stage[name].direct), equal.id)
  const engine = liar({ ...atRest, 'rules.list': [], 'compare.report': { verdict: 'different', differences: [] } })
  await new AtRestChecker({ stage, engine, load, tally }).check(equal)
  expect(liesIn()).toEqual(['different'])
})

test('an answer that came before the targets had the write is found at once, and again later', async () => {
  const ledger = new Ledger()
  const checker = new AcknowledgedChecker({ stage, ledger, tally, seed: 1, share: 1 })
  await checker.atOnce(rule, { key: 'unsent', step: 'put', state: [await put('oslo', 'unsent')], acks: 2 })
  await checker.everything([rule])
  expect(liesIn()).toEqual(['acknowledged', 'acknowledged'])
})

test('of a rule that may fall back, an answer that tells of more sites than have the write is found, and a true one is not', async () => {
  const checker = new AcknowledgedChecker({ stage, ledger: new Ledger(), tally, seed: 1, share: 1 })
  const degrades: SoakRule = { ...rule, ack: { policy: 'all', onTimeout: 'degrade' } }
  const state = [await put('oslo', 'alone')]
  const done = { key: 'alone', step: 'put' as const, state }
  await checker.atOnce(degrades, { ...done, acks: 1 })
  expect(liesIn()).toEqual([])
  await checker.atOnce(degrades, { ...done, acks: 2 })
  expect(liesIn()).toEqual(['acknowledged'])
})

test('a failure that is long overdue is found', async () => {
  const row = { seq: 1, ruleId: 'told', target: link.target, key: 'equal', attempts: 1, state: 'delayed', fault: {} }
  const rows = [{ ...row, lastAttemptAt: Date.now(), nextAttemptAt: Date.now() - 60_000 }]
  const engine = liar({ 'failures.list': { rows } })
  await new FailureChecker({ stage, engine, ledger: new Ledger(), tally, rules: [rule], staleMs: 0 }).check()
  expect(liesIn()).toContain('failure')
})

test('a dead site that is called online is found, and a live one that is called offline', async () => {
  await stage.narvik.proxy.turnOff()
  stage.narvik.turn('down')
  const health = (state: string) => ({ state, asOf: Date.now(), lastFault: null })
  const engine = liar({
    'rules.list': [{ links: [{ ...link, target: { site: 'narvik', bucket: 'told' } }] }],
    'sites.list': [
      { id: 'oslo', health: health('online') },
      { id: 'bergen', health: health('offline') },
      { id: 'narvik', health: health('online') },
    ],
  })
  await lookAtHealth({ stage, engine, tally }, 0)
  expect(liesIn()).toEqual(['held', 'offline', 'online'])
})
