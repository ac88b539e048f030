import type { Fault } from '../../../../shared/model/fault.ts'
import type { Clock } from '../../base/clock.ts'
import type { Remembered } from '../../journal/remembered.ts'
import { bucketKey } from '../../rule/link.ts'
import type { ObjectStore } from '../../store/port.ts'
import {
  endAfter,
  isRecreated,
  bucketsFault,
  bucketsNotes,
  bucketsStateSchema,
  type BucketAnswer,
  type BucketsState,
} from './bucket-state.ts'
import type { Link } from '../link.ts'

/** Why a link is kept back by the state of its buckets; `looking`: a site was away, and they are asked for before anything is written. */
export type BucketHold = Fault | 'looking'

/** What a look at the buckets of a link changed. */
export interface BucketsChange {
  /** A sentence each. */
  readonly notes: readonly string[]
  /** The link is kept back from now on. */
  readonly fault: Fault | null
  /** It goes on, or a bucket was made anew: what is known of the target holds no longer, and both sides want a look. */
  readonly renewed: boolean
}

export interface BucketWatchParts {
  /** What the buckets of each link were when they were last asked for. */
  readonly marks: Remembered
  readonly links: () => readonly Link[]
  readonly store: (siteId: string) => ObjectStore
  /** Unknown, paused or offline. */
  readonly isAway: (siteId: string) => boolean
  readonly clock: Clock
  /** Between two looks at a bucket that is well. */
  readonly everyMs?: number | undefined
  readonly onLooked: (link: Link, change: BucketsChange) => void
}

const usualEveryMs = 60_000
/** Of a link that is kept back. */
const heldEveryMs = 5000
const soonMs = 50
const looksAtOnce = 8
/** null: no answer now. */
type AskBucket = (at: Link['source']) => Promise<BucketAnswer | null>

/**
 * The bucket check: asks again and again, and after every outage, whether the buckets of a link are still what they were when
 * it was opened. What no task would meet (versions that are not kept any more, locks that are lost) is noticed by this alone.
 */
export class BucketWatch {
  readonly #parts: BucketWatchParts
  readonly #everyMs: number
  /** Not read from the marks: of a link that is forgotten these go first, and until it has gone it stays held. */
  readonly #states = new Map<string, BucketsState | null>()
  readonly #dueAt = new Map<string, number>()
  /** Sites that were away: whatever stands there now was not looked at yet. */
  readonly #unsure = new Set<string>()
  readonly #abort = new AbortController()
  #cancelTimer: (() => void) | null = null
  #isLooking = false

  constructor(parts: BucketWatchParts) {
    this.#parts = parts
    this.#everyMs = parts.everyMs ?? usualEveryMs
  }

  /** null when nothing keeps the link back. */
  of(link: Link): BucketHold | null {
    const state = this.#state(link.linkId)
    if (state === null) return null
    if ([link.source, link.target].some(({ site }) => this.#unsure.has(site))) return 'looking'
    return bucketsFault(link, state)
  }

  /** Epoch ms when both buckets were last asked for; null before the first time. */
  askedAt(link: Link): number | null {
    return this.#state(link.linkId)?.askedAt ?? null
  }

  /** Links or rules changed. */
  sync(): void {
    const known = new Set(this.#parts.links().map(({ linkId }) => linkId))
    for (const linkId of this.#states.keys()) if (!known.has(linkId)) this.#states.delete(linkId)
    for (const linkId of this.#dueAt.keys()) if (!known.has(linkId)) this.#dueAt.delete(linkId)
    this.#plan()
  }

  /** Nothing is written there until its buckets were looked at again. */
  wentAway(siteId: string): void {
    this.#unsure.add(siteId)
  }

  /** A site came back or was edited, or a task met something odd: its buckets are looked at now. */
  lookSoon(siteId: string): void {
    for (const link of this.#parts.links())
      if (link.source.site === siteId || link.target.site === siteId) this.#dueAt.set(link.linkId, 0)
    this.#plan()
  }

  stop(): void {
    this.#abort.abort()
    this.#cancelTimer?.()
  }

  #state(linkId: string): BucketsState | null {
    let state = this.#states.get(linkId)
    if (state === undefined) {
      state = bucketsStateSchema.nullable().catch(null).parse(this.#parts.marks.get(linkId))
      this.#states.set(linkId, state)
    }
    return state
  }

  #reachable(): readonly Link[] {
    const { links, isAway } = this.#parts
    return links().filter(({ rule, source, target }) => rule.enabled && !isAway(source.site) && !isAway(target.site))
  }

  #plan(): void {
    if (this.#isLooking || this.#abort.signal.aborted) return
    this.#cancelTimer?.()
    const times = this.#reachable().map(({ linkId }) => this.#dueAt.get(linkId) ?? 0)
    const now = this.#parts.clock.now()
    // A site may come back or a rule be switched on without a word: looked up at least so often.
    const delayMs = Math.max(soonMs, Math.min(heldEveryMs, ...times.map((at) => at - now)))
    this.#cancelTimer = this.#parts.clock.after(delayMs, () => {
      this.#isLooking = true
      void this.#round().finally(() => {
        this.#isLooking = false
        this.#plan()
      })
    })
  }

  async #round(): Promise<void> {
    const { clock } = this.#parts
    const due = this.#reachable().filter(({ linkId }) => (this.#dueAt.get(linkId) ?? 0) <= clock.now())
    if (due.length === 0) return
    const unsure = [...this.#unsure].filter((siteId) => !this.#parts.isAway(siteId))
    for (const link of due) this.#dueAt.set(link.linkId, Infinity)
    const ask = this.#asker()
    const waiting = [...due]
    const lane = async (): Promise<void> => {
      for (let link = waiting.shift(); link !== undefined; link = waiting.shift()) await this.#look(link, ask)
    }
    await Promise.all(Array.from({ length: looksAtOnce }, lane))
    for (const siteId of unsure) this.#sure(siteId)
  }

  /** Asked, with or without an answer: whatever the tasks meet now is theirs to tell. */
  #sure(siteId: string): void {
    if (this.#parts.isAway(siteId) || !this.#unsure.delete(siteId)) return
    for (const link of this.#parts.links())
      if (link.source.site === siteId || link.target.site === siteId)
        this.#parts.onLooked(link, { notes: [], fault: null, renewed: false })
  }

  async #look(link: Link, ask: AskBucket): Promise<void> {
    const { clock, marks, links, onLooked } = this.#parts
    const before = this.#state(link.linkId)
    const askedAt = clock.now()
    const [source, target] = await Promise.all([ask(link.source), ask(link.target)])
    const isHeld = before !== null && bucketsFault(link, before) !== null
    // While this was asked, a site came back or a task doubted: then it is due again at once.
    const again = (held: boolean): void => {
      if (this.#dueAt.get(link.linkId) === Infinity)
        this.#dueAt.set(link.linkId, askedAt + (held ? Math.min(heldEveryMs, this.#everyMs) : this.#everyMs))
    }
    if (source === null || target === null || this.#abort.signal.aborted) return again(isHeld)
    // Another rule may have the link's name by now.
    if (!links().some(({ linkId }) => linkId === link.linkId)) return
    const after: BucketsState = {
      source: endAfter(before?.source ?? null, source),
      target: endAfter(before?.target ?? null, target),
      askedAt,
    }
    this.#states.set(link.linkId, after)
    const fault = bucketsFault(link, after)
    again(fault !== null)
    await marks.write(link.linkId, after).catch(() => undefined)
    const notes = before === null ? [] : bucketsNotes(link, before, after)
    const isAnew =
      before !== null && (isRecreated(before.source, after.source) || isRecreated(before.target, after.target))
    const renewed = isAnew || (isHeld && fault === null)
    if (notes.length > 0 || renewed || isHeld !== (fault !== null)) onLooked(link, { notes, fault, renewed })
  }

  /** Every bucket once a round, and every site once for when its buckets were made. */
  #asker(): AskBucket {
    const { store } = this.#parts
    const { signal } = this.#abort
    const answers = new Map<string, Promise<BucketAnswer | null>>()
    const dates = new Map<string, Promise<ReadonlyMap<string, number>>>()
    const datesAt = async (siteId: string): Promise<ReadonlyMap<string, number>> =>
      store(siteId).bucketDates({ signal })
    const dated = (siteId: string): Promise<ReadonlyMap<string, number>> => {
      let found = dates.get(siteId)
      // A key that may not list its site's buckets does not learn when they were made.
      if (found === undefined) dates.set(siteId, (found = datesAt(siteId).catch(() => new Map<string, number>())))
      return found
    }
    const answer = async ({ site, bucket }: Link['source']): Promise<BucketAnswer | null> => {
      try {
        const [view, made] = await Promise.all([store(site).bucket(bucket, { signal }), dated(site)])
        return { view, createdAt: made.get(bucket) ?? null }
      } catch {
        // Not answered is not known: what it was is kept, with its age.
        return null
      }
    }
    return (at) => {
      const name = bucketKey(at)
      let found = answers.get(name)
      if (found === undefined) answers.set(name, (found = answer(at)))
      return found
    }
  }
}
