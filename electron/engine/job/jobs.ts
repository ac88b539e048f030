/*
 * Jobs: long work that an operator started, such as a comparison or a retry of all failures. Started by `api/`, shown and
 * cancelled from any page.
 */

import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Job } from '../../../shared/model/job.ts'
import { faultFrom } from '../base/errors.ts'

/** What a running job may say of itself. */
export interface JobReport {
  readonly progress: (done: number, total: number | null) => void
  readonly signal: AbortSignal
}

export interface JobSpec {
  readonly kind: Job['kind']
  readonly title: string
  readonly ruleId: string | null
  /** Resolves with one sentence of result. */
  readonly run: (report: JobReport) => Promise<string>
}

interface JobEntry {
  job: Job
  readonly abort: AbortController
  readonly ended: Promise<void>
}

/** Finished jobs stay in the list this many deep. */
const keptFinished = 50

/** The operator's long pieces of work: each runs once, reports progress, and can be cancelled. */
export class Jobs {
  readonly #entries = new Map<string, JobEntry>()
  readonly #now: () => number
  readonly #onChange: (job: Job) => void
  #count = 0

  constructor(now: () => number, onChange: (job: Job) => void) {
    this.#now = now
    this.#onChange = onChange
  }

  start(spec: JobSpec): Job {
    const { kind, title, ruleId } = spec
    const id = `${kind}-${++this.#count}`
    const job: Job = {
      id,
      kind,
      title,
      ruleId,
      state: 'running',
      startedAt: this.#now(),
      endedAt: null,
      done: 0,
      total: null,
      result: null,
      fault: null,
    }
    const abort = new AbortController()
    // The run starts on the next turn: the caller sees its job listed before anything happens in it.
    const ended = Promise.resolve().then(() => this.#run(id, spec, abort))
    this.#entries.set(id, { job, abort, ended })
    this.#trim()
    this.#onChange(job)
    return job
  }

  list(): readonly Job[] {
    return [...this.#entries.values()].map((entry) => entry.job).toReversed()
  }

  cancel(id: string): Job {
    const entry = this.#entries.get(id)
    if (entry === undefined) throw new FaultError(fault('NOT_FOUND', `There is no job “${id}”.`))
    entry.abort.abort(new FaultError(fault('CANCELLED', 'Cancelled by the operator.')))
    return entry.job
  }

  async stop(): Promise<void> {
    for (const { abort } of this.#entries.values()) abort.abort(new FaultError(fault('CANCELLED', 'The engine stops.')))
    await Promise.all([...this.#entries.values()].map((entry) => entry.ended))
  }

  async #run(id: string, spec: JobSpec, abort: AbortController): Promise<void> {
    const progress = (done: number, total: number | null): void => this.#set(id, { done, total })
    try {
      const result = await spec.run({ progress, signal: abort.signal })
      this.#set(id, { state: 'done', result, endedAt: this.#now() })
    } catch (error) {
      if (abort.signal.aborted) this.#set(id, { state: 'cancelled', endedAt: this.#now() })
      else this.#set(id, { state: 'failed', fault: faultFrom(error, { operation: spec.kind }), endedAt: this.#now() })
    }
  }

  #set(id: string, change: Partial<Job>): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    entry.job = { ...entry.job, ...change }
    this.#onChange(entry.job)
  }

  #trim(): void {
    const finished = [...this.#entries].filter(([, entry]) => entry.job.state !== 'running')
    for (const [id] of finished.slice(0, Math.max(0, finished.length - keptFinished))) this.#entries.delete(id)
  }
}
