import type { Fault } from '../../../../shared/model/fault.ts'
import type { BucketAt, BucketDrift } from '../../../../shared/model/rule.ts'
import type { BucketView } from '../../../../shared/model/site.ts'
import type { Clock } from '../../base/clock.ts'
import type { Remembered } from '../../journal/remembered.ts'
import { bucketKey } from '../../rule/link.ts'
import type { ObjectStore } from '../../store/port.ts'
import { bucketsDrift, bucketsUntold, withDriftSince } from './bucket-drift.ts'
import {
  bucketsFault,
  bucketsStateSchema,
  endAfter,
  readRight,
  type BucketAnswer,
  type BucketEnd,
  type BucketsState,
} from './bucket-state.ts'
import { isDenied, mayRead } from './may-read.ts'
import type { Link } from '../link.ts'

/** Why a link is kept back by the state of its buckets; `looking`: a site was away, and they are asked for before anything is written. */
export type BucketHold = Fault | 'looking'

/** What a look at the buckets of a link changed. */
export interface BucketsChange {
  /** Buckets that were made anew, a sentence each: what else is not as it was is told for as long as it is so. */
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
  /** Epoch ms at which the last scan began that looked at every key of the link; 0 when none has. */
  readonly scannedFrom: (linkId: string) => Promise<number>
  /** How a bucket stands, each time that it is asked for. */
  readonly onAsked: (at: BucketAt, view: BucketView) => void
  readonly onLooked: (link: Link, change: BucketsChange) => void
}

const usualEveryMs = 60_000
/** Of a link that is kept back. */
const heldEveryMs = 5000
const soonMs = 50
const looksAtOnce = 8
/** Reading is asked less often: a rule that copies meets a refusal by itself. */
const readingEveryMs = 900_000
/** null: no answer now. `reading`: the prefix under which it is asked whether objects may be read; null: it is not asked. */
type AskBucket = (at: BucketAt, reading: string | null) => Promise<BucketAnswer | null>

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
  /** Links that are looked at out of turn: then all is asked. */
  readonly #soon = new Set<string>()
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

  /** How its buckets are not what they were, besides what holds the link. */
  drift(link: Link): readonly BucketDrift[] {
    const state = this.#state(link.linkId)
    return state === null || !link.rule.enabled ? [] : bucketsDrift(link, state)
  }

  /** What the keys may not ask and never could, as `right on site/bucket`. */
  untold(link: Link): readonly string[] {
    const state = this.#state(link.linkId)
    return state === null ? [] : bucketsUntold(link, state)
  }

  /** Links or rules changed. */
  sync(): void {
    const known = new Set(this.#parts.links().map(({ linkId }) => linkId))
    for (const linkId of this.#states.keys()) if (!known.has(linkId)) this.#states.delete(linkId)
    for (const linkId of this.#dueAt.keys()) if (!known.has(linkId)) this.#dueAt.delete(linkId)
    for (const linkId of this.#soon) if (!known.has(linkId)) this.#soon.delete(linkId)
    this.#plan()
  }

  /** Nothing is written there until its buckets were looked at again. */
  wentAway(siteId: string): void {
    this.#unsure.add(siteId)
  }

  /** A site came back or was edited, or a task met something odd: its buckets are looked at now. */
  lookSoon(siteId: string): void {
    for (const link of this.#parts.links())
      if (link.source.site === siteId || link.target.site === siteId) {
        this.#dueAt.set(link.linkId, 0)
        this.#soon.add(link.linkId)
      }
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
    const reading = this.#asksReading(link, before, askedAt) ? link.rule.filter.prefix : null
    const [source, target] = await Promise.all([ask(link.source, reading), ask(link.target, reading)])
    const isHeld = before !== null && bucketsFault(link, before) !== null
    // While this was asked, a site came back or a task doubted: then it is due again at once.
    const again = (held: boolean): void => {
      if (this.#dueAt.get(link.linkId) === Infinity)
        this.#dueAt.set(link.linkId, askedAt + (held ? Math.min(heldEveryMs, this.#everyMs) : this.#everyMs))
    }
    if (source === null || target === null || this.#abort.signal.aborted) return again(isHeld)
    const ends = {
      source: endAfter(before?.source ?? null, source, askedAt),
      target: endAfter(before?.target ?? null, target, askedAt),
    }
    // Where there is nothing to read yet it is asked again with the next look.
    const isTold = source.mayRead !== null && target.mayRead !== null
    const readingAskedAt = isTold ? askedAt : (before?.readingAskedAt ?? 0)
    const known = { ...(await this.#withoutLookedOver(link, ends)), askedAt, readingAskedAt }
    // Another rule may have the link's name by now.
    if (!links().some(({ linkId }) => linkId === link.linkId)) return
    const after = withDriftSince(link, known)
    this.#states.set(link.linkId, after)
    const fault = bucketsFault(link, after)
    again(fault !== null)
    await marks.write(link.linkId, after).catch(() => undefined)
    const drift = bucketsDrift(link, after)
    const anew = drift.filter(({ what, since }) => what === 'made-anew' && since === askedAt)
    const renewed = anew.length > 0 || (isHeld && fault === null)
    const isOther = before !== null && wordsOf(bucketsDrift(link, before)) !== wordsOf(drift)
    if (isOther || renewed || isHeld !== (fault !== null))
      onLooked(link, { notes: anew.map(({ reason }) => reason), fault, renewed })
  }

  #asksReading({ linkId }: Link, before: BucketsState | null, now: number): boolean {
    if (this.#soon.delete(linkId) || before === null) return true
    const isRefused = [before.source, before.target].some(({ lacks }) => lacks.includes(readRight))
    return isRefused || now - before.readingAskedAt >= readingEveryMs
  }

  /** A bucket that was made anew is as good as any once a scan has looked at every key since. */
  async #withoutLookedOver(
    { linkId }: Link,
    ends: Pick<BucketsState, 'source' | 'target'>,
  ): Promise<Pick<BucketsState, 'source' | 'target'>> {
    const { source, target } = ends
    if (source.madeAnewAt === null && target.madeAnewAt === null) return ends
    const from = await this.#parts.scannedFrom(linkId)
    const settled = (end: BucketEnd): BucketEnd =>
      end.madeAnewAt !== null && end.madeAnewAt <= from ? { ...end, madeAnewAt: null } : end
    return { source: settled(source), target: settled(target) }
  }

  /** Every bucket once a round, and every site once for when its buckets were made. */
  #asker(): AskBucket {
    const { store, onAsked } = this.#parts
    const { signal } = this.#abort
    const dated = oncePerName(async (siteId) =>
      // A key that may not list its site's buckets does not learn when they were made.
      store(siteId)
        .bucketDates({ signal })
        .catch(() => new Map<string, number>()),
    )
    const answer = async ({ site, bucket }: BucketAt, reading: string | null): Promise<BucketAnswer | null> => {
      try {
        const [view, made, reads] = await Promise.all([
          unlessRefused(store(site).bucket(bucket, { signal })),
          dated(site),
          reading === null ? null : mayRead(store(site), { bucket, prefix: reading }, signal),
        ])
        if (view !== null && view !== 'refused') onAsked({ site, bucket }, view)
        return { view, createdAt: made.get(bucket) ?? null, mayRead: reads }
      } catch {
        // Not answered is not known: what it was is kept, with its age.
        return null
      }
    }
    const answers = new Map<string, Promise<BucketAnswer | null>>()
    return (at, reading) => {
      const name = `${bucketKey(at)} ${reading ?? ''} ${reading === null}`
      const found = answers.get(name) ?? answer(at, reading)
      answers.set(name, found)
      return found
    }
  }
}

const wordsOf = (drift: readonly BucketDrift[]): string =>
  drift.map(({ what, at, reason }) => `${what} ${bucketKey(at)} ${reason}`).join('\n')

function oncePerName<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>()
  return (name) => {
    const found = asked.get(name) ?? ask(name)
    asked.set(name, found)
    return found
  }
}

const unlessRefused = async <T>(asked: Promise<T>): Promise<T | 'refused'> =>
  asked.catch((error: unknown) => {
    if (isDenied(error)) return 'refused' as const
    throw error
  })
