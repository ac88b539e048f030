import { faultKinds } from '../../../../shared/model/fault.ts'
import type { Rule } from '../../../../shared/model/rule.ts'
import type { Placed } from '../../intake/port.ts'
import type { TaskEnd } from '../../queue/task-ends.ts'
import { bucketKey } from '../../rule/link.ts'
import { promiseState, type TargetState } from './promise-state.ts'

/** A change that the client waits for. */
export type PlacedWrite = Omit<Placed, 'isNew'>

interface Waited extends PlacedWrite {
  state: TargetState
  fault: string | null
  /** Set when no repetition helps: what is wrong, in words that tell a client nothing of the target. */
  refused: string | null
}

/** One change under one rule: the promise that must be kept. */
interface Unit {
  readonly rule: Rule
  readonly targets: readonly Waited[]
}

/** What a client waits for: its changes, each under every rule that wants it. */
export class PendingWrite {
  readonly #units: readonly Unit[]
  readonly #bySeq = new Map<number, Waited[]>()

  constructor(placed: readonly PlacedWrite[]) {
    const units = new Map<string, { readonly rule: Rule; readonly targets: Waited[] }>()
    const changes = new Map<PlacedWrite['change'], number>()
    for (const one of placed) {
      const waited: Waited = { ...one, state: 'waiting', fault: null, refused: null }
      const place = changes.get(one.change) ?? changes.size
      changes.set(one.change, place)
      const name = `${place} ${one.link.ruleId}`
      const unit = units.get(name)
      if (unit === undefined) units.set(name, { rule: one.link.rule, targets: [waited] })
      else unit.targets.push(waited)
      this.#bySeq.set(one.seq, [...(this.#bySeq.get(one.seq) ?? []), waited])
    }
    this.#units = [...units.values()]
  }

  get seqs(): readonly number[] {
    return [...this.#bySeq.keys()]
  }

  get rules(): readonly Rule[] {
    return [...new Map(this.#units.map(({ rule }) => [rule.id, rule])).values()]
  }

  ended(seq: number, end: TaskEnd): void {
    for (const waited of this.#bySeq.get(seq) ?? []) {
      waited.state = end.kind === 'parked' ? 'missing' : stateOf(end.did)
      waited.fault = end.kind === 'parked' ? end.fault.message : (whyMissing[end.did] ?? null)
      waited.refused = refusedBy(end)
    }
  }

  /** The worst of the rule's changes. */
  promiseStateOf(ruleId: string): ReturnType<typeof promiseState> {
    const all = this.#units
      .filter(({ rule }) => rule.id === ruleId)
      .map(({ rule, targets }) =>
        promiseState(
          rule.ack.policy,
          targets.map(({ state }) => state),
        ),
      )
    return all.find((one) => one === 'lost') ?? all.find((one) => one === 'open') ?? 'kept'
  }

  /** Why the rule's targets have not confirmed, in one sentence. */
  reasonOf(ruleId: string): string {
    const missing = this.#units
      .filter(({ rule }) => rule.id === ruleId)
      .flatMap(({ targets }) => targets.filter(({ state }) => state === 'waiting' || state === 'missing'))
    const names = [...new Set(missing.map(({ link }) => `${link.target.site}/${link.target.bucket}`))].join(', ')
    const fault = missing.find((one) => one.fault !== null)?.fault ?? null
    return fault === null ? `${names} did not confirm a write in time.` : `${names} refused a write: ${fault}`
  }

  /**
   * What a client is told when targets of the rule will not have the write however often it is repeated: what is where, and
   * why. null when a repetition may help.
   */
  refusalOf(ruleId: string): string | null {
    const targets = this.#units.filter(({ rule }) => rule.id === ruleId).flatMap((unit) => unit.targets)
    const refusing = targets.filter(({ refused }) => refused !== null)
    if (refusing.length === 0) return null
    const has = targets.filter(({ state }) => state === 'has').map(({ link }) => link.target.site)
    const at = [targets[0]!.link.source.site, ...has]
    const missing = refusing.map(({ link }) => link.target.site)
    return (
      `Done at ${listed(at)}. Refused for good, and not at ${listed(missing)}: ${refusing[0]!.refused} ` +
      'Repeating the request does not help. What is missing is in Lockstep’s failure list, for its operator.'
    )
  }

  /** `2/3`: buckets that have the change, of those that should, the source among both; of several changes the one with the fewest. */
  acks(): string {
    const counts = [...Map.groupBy(this.#units, ({ targets }) => targets[0]!.change).values()].map(countOf)
    const fewest = counts.toSorted((a, b) => a.has / a.of - b.has / b.of)[0] ?? { has: 1, of: 1 }
    return `${fewest.has}/${fewest.of}`
  }
}

function countOf(units: readonly Unit[]): { readonly has: number; readonly of: number } {
  const wanted = units.flatMap(({ targets }) => targets).filter(({ state }) => state !== 'left-out')
  const buckets = (some: readonly Waited[]): number => new Set(some.map(({ link }) => bucketKey(link.target))).size
  return { has: 1 + buckets(wanted.filter(({ state }) => state === 'has')), of: 1 + buckets(wanted) }
}

const listed = (sites: readonly string[]): string => [...new Set(sites)].join(', ')

function refusedBy(end: TaskEnd): string | null {
  if (end.kind === 'parked') return faultKinds[end.fault.code].title
  return end.did === 'not-wanted' ? 'The rule does not copy this version.' : null
}

type Did = Extract<TaskEnd, { kind: 'settled' }>['did']

/** Ends of a task that leave its target without the change. */
const whyMissing: Partial<Record<Did, string>> = {
  'not-wanted': 'the rule does not copy this version.',
  'source-gone': 'the version was deleted at the source before it could be copied.',
}

function stateOf(did: Did): TargetState {
  if (did === 'filtered') return 'left-out'
  return whyMissing[did] === undefined ? 'has' : 'missing'
}
