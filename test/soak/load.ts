import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { S3ServiceException, type S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { pathSafeAwkwardKeys } from '../support/awkward-keys.ts'
import { clientKey } from '../support/gateway.ts'
import { Random } from '../support/random.ts'
import { s3Client } from '../support/s3-site.ts'
import { carryOut, type KeyState } from '../support/workload.ts'
import { planWorkload, type KeyPlan, type Step } from '../support/workload-plan.ts'
import type { Ledger } from './ledger.ts'
import type { SoakRule } from './rules.ts'
import type { Stage } from './stage.ts'

export interface LoadOptions {
  readonly stage: Stage
  readonly rules: readonly SoakRule[]
  readonly ledger: Ledger
  readonly gatewayUrl: string
  readonly seed: number
  /** Changes per second that each rule's clients make when nothing slows them. */
  readonly ratePerSecond: number
  /** A change was answered with success; nobody else touches the key until this resolves. */
  readonly onDone: (rule: SoakRule, done: Done) => Promise<void>
}

export interface Done {
  readonly key: string
  readonly step: Step['kind']
  /** What this client knows to be under the key, oldest first: version ids, and null for markers. */
  readonly state: KeyState
  /** How many sites had it by then, the source among them, as the answers themselves said; of several the fewest. null: none said. */
  readonly acks: number | null
}

/** What the answers to one change said. */
const told = new AsyncLocalStorage<{ acks: number | null }>()

/** Clients of all rules, steady and mixed. A rule's clients can be made to stand still. */
export class Load {
  readonly #options: LoadOptions
  readonly #clients: Readonly<Record<string, S3Client>>
  readonly #lanes = new Map<string, Promise<void>>()
  readonly #still = new Set<string>()
  readonly #busy = new Map<string, number>()
  readonly #ended = new AbortController()
  readonly byStep = new Map<string, number>()
  readonly refusals = new Map<string, number>()

  constructor(options: LoadOptions) {
    this.#options = options
    this.#clients = Object.fromEntries(options.rules.map((rule) => [rule.id, clientFor(rule, options)]))
  }

  start(): void {
    for (const [index, rule] of this.#options.rules.entries()) {
      const random = new Random(this.#options.seed + index)
      this.#lanes.set(rule.id, this.#run(rule, random))
    }
  }

  /** Resolves when nothing of the rule's clients is under way any more; they begin nothing until {@link goOn}. */
  async standStill(ruleId: string): Promise<void> {
    this.#still.add(ruleId)
    while ((this.#busy.get(ruleId) ?? 0) > 0) await wait(20)
  }

  goOn(ruleId: string): void {
    this.#still.delete(ruleId)
  }

  async stop(): Promise<void> {
    this.#ended.abort()
    await Promise.all(this.#lanes.values())
    for (const client of Object.values(this.#clients)) client.destroy()
  }

  async #run(rule: SoakRule, random: Random): Promise<void> {
    const { signal } = this.#ended
    const underWay = new Map<string, Promise<void>>()
    for (let generation = 0; !signal.aborted; generation++) {
      for (const turn of turnsOf(rule, random.fork(), generation)) {
        while (!signal.aborted && (this.#still.has(rule.id) || underWay.size >= 8)) await wait(20)
        if (signal.aborted) break
        const before = underWay.get(turn.key)
        const change = this.#after(before, rule, turn)
        underWay.set(turn.key, change)
        void change.finally(() => {
          if (underWay.get(turn.key) === change) underWay.delete(turn.key)
        })
        await wait((1000 / this.#options.ratePerSecond) * (0.5 + random.next()))
      }
    }
    await Promise.all(underWay.values())
  }

  async #after(former: Promise<void> | undefined, rule: SoakRule, turn: Turn): Promise<void> {
    this.#busy.set(rule.id, (this.#busy.get(rule.id) ?? 0) + 1)
    await former
    await this.#change(rule, turn)
    this.#busy.set(rule.id, this.#busy.get(rule.id)! - 1)
  }

  async #change(rule: SoakRule, { key, step, state }: Turn): Promise<void> {
    const act = this.#options.ledger.begin(rule.id, key)
    try {
      const heard: { acks: number | null } = { acks: null }
      const done = await told.run(heard, () =>
        carryOut({ client: this.#clients[rule.id]!, bucket: rule.id }, key, step, state),
      )
      act.answered()
      if (typeof done !== 'number') return
      this.byStep.set(step.kind, (this.byStep.get(step.kind) ?? 0) + 1)
      await this.#options.onDone(rule, { key, step: step.kind, state, ...heard })
    } catch (error) {
      act.unanswered()
      const name = error instanceof S3ServiceException ? error.name : (codeOf(error) ?? String(error))
      this.refusals.set(name, (this.refusals.get(name) ?? 0) + 1)
      // A site that refuses connections does so at once.
      await wait(200)
    }
  }
}

const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null

interface Turn {
  readonly key: string
  readonly step: Step
  readonly state: KeyState
}

/**
 * The steps of some keys in a mixed order, each key's own in theirs. Each generation has keys of its own and a few odd ones. So many that
 * the multipart objects of an hour find room at a site that keeps all in memory.
 */
function* turnsOf(rule: SoakRule, random: Random, generation: number): Generator<Turn> {
  const plan = (seed: number): readonly KeyPlan[] =>
    planWorkload({
      seed,
      keys: 240,
      oddKeys: [0, 1, 2, 3].map((at) => pathSafeAwkwardKeys[(generation * 4 + at) % pathSafeAwkwardKeys.length]!),
      multipartShare: 0.002,
      keyPrefix: `g${String(generation).padStart(4, '0')}/`,
      lock: rule.lock,
      versionDeletes: true,
      asciiTags: true,
      maxPutBytes: 256 << 10,
    })
  const first = plan(random.int(1, 1 << 30))
  const later = plan(random.int(1, 1 << 30))
  const keys = first.map(({ key, steps }, index) => ({ key, steps: [...steps, ...later[index]!.steps], state: [] }))
  let waiting = keys
  while (waiting.length > 0) {
    const { key, steps, state } = random.pick(waiting)
    const step = steps.shift()!
    if (steps.length === 0) waiting = waiting.filter((one) => one.key !== key)
    yield { key, step, state }
  }
}

/** One try each: whether a change was done must stay known. */
function clientFor(rule: SoakRule, { stage, gatewayUrl }: LoadOptions): S3Client {
  if (rule.by === 'source') return s3Client(stage[rule.source].direct, 16, 1)
  const client = s3Client({ endpoint: gatewayUrl, region: 'us-east-1', ...clientKey }, 16, 1)
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      listen(result.response)
      return result
    },
    { step: 'deserialize', priority: 'low' },
  )
  return client
}

const acked = z.object({ headers: z.object({ 'x-lockstep-acks': z.string() }) })

/** `2/3` */
function listen(response: unknown): void {
  const heard = told.getStore()
  const acks = Number.parseInt(acked.safeParse(response).data?.headers['x-lockstep-acks'] ?? '', 10)
  if (heard !== undefined && !Number.isNaN(acks)) heard.acks = Math.min(heard.acks ?? Infinity, acks)
}
