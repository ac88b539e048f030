import { checkIds, type CheckId, type CheckRun, type CheckStep } from '../../../shared/model/check.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { BucketAt } from '../../../shared/model/rule.ts'
import { faultFrom } from '../base/errors.ts'
import type { TargetIdentity } from './capabilities.ts'
import { checkList } from './checks/check-list.ts'
import { failedWith, type CheckContext, type Finding, type Repair } from './checks/check.ts'
import { withTimeLimit } from './time-limit.ts'

/** A {@link CheckContext} before a signal is bound to it. */
export interface PreflightContext extends Omit<CheckContext, 'signal' | 'probeTarget'> {
  readonly probe: (target: BucketAt, signal: AbortSignal) => Promise<TargetIdentity>
}

const stepLimitMs = 60_000

const waiting = (id: CheckId): CheckStep => ({
  id,
  title: checkList[id].title,
  state: 'waiting',
  found: null,
  fault: null,
  repair: null,
  elapsedMs: null,
})

/** One run of the checks, step by step; a repair runs on from its step. */
export class PreflightRun {
  readonly id: string
  readonly #context: PreflightContext
  readonly #onChange: (run: CheckRun) => void
  #steps: readonly CheckStep[] = checkIds.map(waiting)
  readonly #repairs = new Map<CheckId, Repair>()
  /** Failed, or skipped because of a failed one: with the one that failed first. */
  readonly #blocked = new Map<CheckId, CheckId>()
  #state: CheckRun['state'] = 'running'
  #estimate: CheckRun['estimate'] = null
  #turn = new AbortController()
  #ended: Promise<void> = Promise.resolve()

  constructor(id: string, context: PreflightContext, onChange: (run: CheckRun) => void) {
    this.id = id
    this.#context = context
    this.#onChange = onChange
  }

  view(): CheckRun {
    return { id: this.id, state: this.#state, steps: this.#steps, estimate: this.#estimate }
  }

  start(): CheckRun {
    this.#runFrom(0)
    return this.view()
  }

  cancel(): CheckRun {
    if (this.#state === 'running') {
      this.#turn.abort(new FaultError(fault('CANCELLED', 'The checks were cancelled.')))
      this.#settle('cancelled')
    }
    return this.view()
  }

  async repair(stepId: CheckId): Promise<CheckRun> {
    const repair = this.#repairs.get(stepId)
    if (repair === undefined) throw new FaultError(fault('CONFLICT', `There is nothing to mend in “${stepId}”.`))
    this.#turn.abort(new FaultError(fault('CANCELLED', 'The checks go on after a repair.')))
    await this.#ended
    this.#turn = new AbortController()
    this.#settle('running')
    this.#set(stepId, { state: 'running', repair: null })
    const isRepaired = await this.#apply(stepId, repair)
    this.#runFrom(checkIds.indexOf(stepId) + (isRepaired ? 0 : 1))
    return this.view()
  }

  async #apply(stepId: CheckId, repair: Repair): Promise<boolean> {
    try {
      await this.#limited(this.#turn.signal, (context) => repair.apply(context))
      return true
    } catch (error) {
      this.#conclude(stepId, { ...failedWith(faultFrom(error, { operation: repair.label })), repair }, null)
      return false
    }
  }

  /** Resolves when nothing of this run is under way. */
  async ended(): Promise<void> {
    await this.#ended
  }

  #runFrom(index: number): void {
    const again = checkIds.slice(index)
    for (const id of again) {
      this.#blocked.delete(id)
      this.#repairs.delete(id)
    }
    this.#steps = this.#steps.map((step) => (again.includes(step.id) ? waiting(step.id) : step))
    this.#turn = new AbortController()
    this.#settle('running')
    this.#ended = this.#run(again, this.#turn.signal)
  }

  async #run(ids: readonly CheckId[], signal: AbortSignal): Promise<void> {
    for (const id of ids) {
      await this.#step(id, signal)
      if (signal.aborted) return
    }
    this.#settle(this.#steps.some(({ state }) => state === 'failed') ? 'failed' : 'passed')
  }

  async #step(id: CheckId, signal: AbortSignal): Promise<void> {
    const cause = checkList[id].standsOn.flatMap((other) => this.#blocked.get(other) ?? [])[0]
    if (cause !== undefined) {
      this.#blocked.set(id, cause)
      this.#set(id, { state: 'skipped', found: `Not tried: “${checkList[cause].title}” must be mended first.` })
      return
    }
    const startedAt = this.#context.ports.clock.now()
    this.#set(id, { state: 'running' })
    const finding = await this.#find(id, signal)
    if (signal.aborted) this.#set(id, { state: 'skipped', found: 'Cancelled.' })
    else this.#conclude(id, finding, this.#context.ports.clock.now() - startedAt)
  }

  async #find(id: CheckId, signal: AbortSignal): Promise<Finding> {
    try {
      return await this.#limited(signal, checkList[id].run)
    } catch (error) {
      return failedWith(faultFrom(error, { operation: checkList[id].title }))
    }
  }

  #limited<T>(signal: AbortSignal, run: (context: CheckContext) => Promise<T>): Promise<T> {
    const { probe, ...rest } = this.#context
    return withTimeLimit(rest.ports.clock, stepLimitMs, signal, (limited) =>
      run({ ...rest, signal: limited, probeTarget: (target) => probe(target, limited) }),
    )
  }

  #conclude(id: CheckId, { state, found, fault, repair, estimate }: Finding, elapsedMs: number | null): void {
    if (state === 'failed') this.#blocked.set(id, id)
    if (repair !== null) this.#repairs.set(id, repair)
    if (estimate !== null) this.#estimate = estimate
    this.#set(id, { state, found, fault, repair: repair?.label ?? null, elapsedMs })
  }

  #set(id: CheckId, change: Partial<CheckStep>): void {
    this.#steps = this.#steps.map((step) => (step.id === id ? { ...step, ...change } : step))
    this.#onChange(this.view())
  }

  #settle(state: CheckRun['state']): void {
    this.#state = state
    this.#onChange(this.view())
  }
}
