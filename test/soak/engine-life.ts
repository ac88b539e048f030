import { readFileSync } from 'node:fs'
import type { Lockstep, LockstepOptions } from '../support/lockstep-process.ts'
import { startLockstep } from '../support/lockstep-process.ts'

/** Neither the engine nor a site answered: of a word that was not said nothing can be proved. */
export class NotAsked extends Error {}

/** Whoever answers for the engine: the words are taken from here, and from nowhere else. */
export interface Speaker {
  /** Counted from 1. Two numbers mean that it died between two questions. */
  readonly lives: number
  readonly isRunning: boolean
  /** Throws {@link NotAsked} while it does not run. */
  readonly now: Pick<Lockstep, 'api'>
}

/** The engine over its lives: killed and started again under the same data directory. */
export class EngineLife implements Speaker {
  readonly #options: LockstepOptions
  #running: Lockstep | null = null
  #lives = 0
  readonly #faults: string[] = []

  constructor(options: LockstepOptions) {
    this.#options = options
  }

  get lives(): number {
    return this.#lives
  }

  get isRunning(): boolean {
    return this.#running !== null
  }

  /** What it wrote of errors that nobody expected, all lives. */
  get complaints(): readonly string[] {
    return [...this.#faults, ...complaintsIn(this.#running?.logs ?? [])]
  }

  get now(): Lockstep {
    if (this.#running === null) throw new NotAsked('the engine is not running')
    return this.#running
  }

  async start(): Promise<void> {
    this.#running = await startLockstep(this.#options)
    this.#lives += 1
  }

  async kill9(): Promise<void> {
    const ended = this.#running
    this.#running = null
    this.#faults.push(...complaintsIn(ended?.logs ?? []))
    await ended?.kill9()
  }

  /** Resident memory, bytes; 0 while it does not run. */
  get residentBytes(): number {
    if (this.#running === null) return 0
    const status = readFileSync(`/proc/${this.#running.ready.pid}/status`, 'utf8')
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0)
  }
}

const complaintsIn = (logs: readonly string[]): readonly string[] =>
  logs.filter((line) => /unhandled|uncaught|"level":60/i.test(line)).slice(0, 50)
