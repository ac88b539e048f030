import { z } from 'zod'
import type { Rule } from '../../../../shared/model/rule.ts'
import type { Fault } from '../../../../shared/model/fault.ts'
import type { AttributesView } from '../../../../shared/model/attributes.ts'
import { faultFrom } from '../../base/errors.ts'
import { passAttributes, type AttributePassOptions } from '../../scan/attribute-pass.ts'
import { pause, type Clock } from '../../base/clock.ts'
import type { NewTask, ReadsAtOnce } from '../../journal/port/tasks.ts'
import type { VersionStore } from '../../journal/port/versions.ts'
import type { Remembered } from '../../journal/remembered.ts'
import type { Intake } from '../../intake/port.ts'
import type { CarriedAcl } from '../../replicate/fidelity/acl.ts'
import { compileKeyMatch } from '../../rule/match.ts'
import type { ListRequest, ObjectStore, VersionEntry, VersionPage } from '../../store/port.ts'
import type { Link } from '../link.ts'

const roundSchema = z.object({
  startedAt: z.number(),
  endedAt: z.number(),
  versions: z.number(),
  differences: z.number(),
})
const recordSchema = z.object({
  /** The last key that was looked at in the round under way. */
  after: z.string().nullable(),
  /** null: no round is under way. */
  startedAt: z.number().nullable(),
  versions: z.number(),
  differences: z.number(),
  unseen: z.number(),
  last: roundSchema.nullable(),
})
type PassRecord = z.infer<typeof recordSchema>

export interface AttributePassesParts {
  readonly versions: Pick<VersionStore, 'pairs'>
  readonly atOnce: Pick<ReadsAtOnce, 'isUnderWay' | 'isParked'>
  /** How far each link's pass has come. */
  readonly marks: Remembered
  readonly links: () => readonly Link[]
  /** Nothing keeps the link from working: what was found could be mended now. */
  readonly isOpen: (link: Link) => boolean
  readonly isTwoWay: (link: Link) => boolean
  /** The target refuses some tags, and the rule lets copies go without those. */
  readonly leavesOutTags: (link: Link) => boolean
  /** The grants that the link carries; null where the rule leaves them at the source. */
  readonly carriedAcl: (link: Link) => CarriedAcl | null
  /** Does the source send an event when tags or locks change? */
  readonly tellsOfTags: (siteId: string) => boolean
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  /** With the keys of clients that the rule names. */
  readonly store: (siteId: string, rule: Rule) => ObjectStore
  readonly intake: Pick<Intake, 'offer'>
  readonly clock: Clock
}

/** Versions a second where the rule leaves it to Lockstep, by whether the source tells of tags and locks: events can be missed too. */
const usualPerSecond = { told: 1, untold: 5 } as const
/** Over all links whose rules leave it to Lockstep: 200 rules are no reason for thousands of requests a second. */
const usualPerSecondInTotal = 25
/** A link that just began has better things to do. */
const usualDelayMs = 60_000
/** Between the beginnings of two rounds over few versions. */
const roundMs = { auto: 600_000, chosen: 5000 } as const
const closedPollMs = 1000
const afterFaultMs = 30_000
const saveEveryMs = 5000
const fresh = { after: null, startedAt: null, versions: 0, differences: 0, unseen: 0 } as const

/** The pass of one link under way. */
interface Pass {
  readonly link: Link
  readonly abort: AbortController
  readonly ended: Promise<void>
}

class PassState {
  record: PassRecord
  fault: Fault | null = null
  unseen: Fault | null = null
  isLooking = false
  savedAt = 0

  constructor(kept: unknown) {
    this.record = recordSchema.catch({ ...fresh, last: null }).parse(kept)
  }

  /** A round that was cut short goes on with its counts. */
  begin(now: number): void {
    this.isLooking = true
    if (this.record.startedAt !== null) return
    this.record = { ...this.record, startedAt: now, unseen: 0 }
    this.unseen = null
  }

  /** One version was looked at; `unseen`: why it could not be. */
  looked(unseen: Fault | null): void {
    this.fault = null
    this.record.versions += 1
    if (unseen === null) return
    this.record.unseen += 1
    this.unseen = unseen
  }

  ended(now: number): void {
    const { startedAt, versions, differences, unseen } = this.record
    this.record = { ...fresh, unseen, last: { startedAt: startedAt ?? now, endedAt: now, versions, differences } }
    this.fault = null
  }
}

/**
 * The slow passes that find changed tags and locks of which no event tells: a round over every version of each link, at the
 * rule's rate, again and again. How far a round has come outlives a restart.
 */
export class AttributePasses {
  readonly #parts: AttributePassesParts
  readonly #passes = new Map<string, Pass>()
  readonly #states = new Map<string, PassState>()
  /** When the next version of any link without a rate of its own may be looked at. */
  #nextAt = 0

  constructor(parts: AttributePassesParts) {
    this.#parts = parts
  }

  /** Links or rules changed. */
  sync(): void {
    const links = new Map(this.#parts.links().map((link) => [link.linkId, link]))
    const former = new Map<string, Promise<void>>()
    for (const [linkId, pass] of this.#passes) {
      const link = links.get(linkId)
      if (link?.rule === pass.link.rule) continue
      this.#passes.delete(linkId)
      pass.abort.abort()
      former.set(linkId, pass.ended)
      if (link === undefined) this.#states.delete(linkId)
    }
    for (const link of links.values())
      if (!this.#passes.has(link.linkId) && isWanted(link)) this.#begin(link, former.get(link.linkId))
  }

  /** null where the rule leaves tags and locks as they were when they were copied. */
  view(link: Link): AttributesView | null {
    if (!link.rule.metadata) return null
    const { record, fault, unseen, isLooking } = this.#state(link.linkId)
    const { last, startedAt, versions, differences } = record
    const perSecond = link.rule.attributePass === 'off' ? null : this.#rate(link)
    return {
      perSecond,
      eventsTell: this.#parts.tellsOfTags(link.source.site),
      state: perSecond === null ? 'off' : fault !== null ? 'fault' : isLooking ? 'looking' : 'waiting',
      fault,
      round: startedAt === null ? null : { startedAt, versions, differences },
      last,
      unseen: record.unseen,
      unseenFault: unseen,
      roundMs: perSecond === null || last === null ? null : (last.versions / perSecond) * 1000,
    }
  }

  async stop(): Promise<void> {
    const passes = [...this.#passes.values()]
    this.#passes.clear()
    for (const { abort } of passes) abort.abort()
    await Promise.all(passes.map(({ ended }) => ended))
  }

  #state(linkId: string): PassState {
    let state = this.#states.get(linkId)
    if (state === undefined) this.#states.set(linkId, (state = new PassState(this.#parts.marks.get(linkId))))
    return state
  }

  #rate({ rule, source }: Link): number {
    const { attributePass } = rule
    if (typeof attributePass === 'object') return attributePass.perSecond
    return this.#parts.tellsOfTags(source.site) ? usualPerSecond.told : usualPerSecond.untold
  }

  #begin(link: Link, former: Promise<void> = Promise.resolve()): void {
    const abort = new AbortController()
    // Ended by its signal, whatever it was doing.
    const ended = former.then(() => this.#goRound(link, abort.signal)).catch(() => undefined)
    this.#passes.set(link.linkId, { link, abort, ended })
  }

  async #goRound(link: Link, signal: AbortSignal): Promise<void> {
    const { clock, isOpen } = this.#parts
    const state = this.#state(link.linkId)
    const isAuto = link.rule.attributePass === 'auto'
    if (isAuto) await pause(clock, usualDelayMs, signal)
    for (;;) {
      while (!isOpen(link)) await pause(clock, closedPollMs, signal)
      const round = new AbortController()
      try {
        await this.#round(link, state, AbortSignal.any([signal, round.signal]))
        const startedAt = state.record.last?.startedAt ?? clock.now()
        const rest = startedAt + (isAuto ? roundMs.auto : roundMs.chosen) - clock.now()
        if (rest > 0) await pause(clock, rest, signal)
      } catch (error) {
        if (signal.aborted) throw error
        state.fault = faultFrom(error, { operation: 'Compare tags and locks' })
        await pause(clock, afterFaultMs, signal)
      } finally {
        // Ends what was read ahead.
        round.abort()
      }
    }
  }

  async #round(link: Link, state: PassState, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    state.begin(clock.now())
    try {
      await passAttributes(this.#asked(link, state, signal))
      state.ended(clock.now())
    } finally {
      state.isLooking = false
      this.#save(link.linkId, state)
    }
  }

  #asked(link: Link, state: PassState, signal: AbortSignal): AttributePassOptions {
    const { clock, atOnce, versions, list, store, isTwoWay, leavesOutTags, carriedAcl } = this.#parts
    const { linkId, source, target, rule } = link
    const since = rule.existingObjects ? 0 : link.beginsAt
    return {
      linkId,
      source,
      target,
      rule,
      covers: compileKeyMatch(rule.filter),
      wants: ({ modifiedAt }) => modifiedAt >= since,
      list,
      store: (siteId) => store(siteId, rule),
      pairs: (key) => versions.pairs(linkId, key),
      isPending: (key) => atOnce.isUnderWay(linkId, key),
      leavesOutTags: () => leavesOutTags(link),
      acl: () => carriedAcl(link),
      isTwoWay: () => isTwoWay(link),
      differs: (task, version) => this.#found(link, task, version, state),
      turn: this.#turns(link, signal),
      after: state.record.after,
      onKey: (key) => {
        state.record.after = key
        if (clock.now() - state.savedAt >= saveEveryMs) this.#save(linkId, state)
      },
      onVersion: (unseen) => state.looked(unseen),
      now: () => clock.now(),
      signal,
    }
  }

  async #found(link: Link, task: Omit<NewTask, 'changedAt'>, version: VersionEntry, state: PassState): Promise<void> {
    const { atOnce, intake } = this.#parts
    state.record.differences += 1
    // What was refused for good waits for the operator, and is on the list of failures.
    if (atOnce.isParked(task.linkId, task.key, task.versionId)) return
    // Changed after the round before looked at it, and nobody knows when.
    const changedAt = Math.max(version.modifiedAt, state.record.last?.startedAt ?? 0)
    await intake.offer([{ link, task: { ...task, changedAt } }], { kind: 'attributes' })
  }

  /** Lets one version after the other pass, in the link's own pace and, without a chosen one, in that of all together. */
  #turns(link: Link, signal: AbortSignal): () => Promise<void> {
    const { clock, isOpen } = this.#parts
    let nextAt = 0
    return async () => {
      while (!isOpen(link)) await pause(clock, closedPollMs, signal)
      const isAuto = link.rule.attributePass === 'auto'
      const now = clock.now()
      const at = Math.max(now, nextAt, isAuto ? this.#nextAt : 0)
      nextAt = at + 1000 / this.#rate(link)
      if (isAuto) this.#nextAt = at + 1000 / usualPerSecondInTotal
      if (at > now) await pause(clock, at - now, signal)
      signal.throwIfAborted()
    }
  }

  /** A round that is not on record is made again: that costs time and no more. */
  #save(linkId: string, state: PassState): void {
    state.savedAt = this.#parts.clock.now()
    if (this.#states.get(linkId) !== state) return
    this.#parts.marks.write(linkId, state.record).catch(() => undefined)
  }
}

const isWanted = ({ rule }: Link): boolean => rule.enabled && rule.metadata && rule.attributePass !== 'off'
