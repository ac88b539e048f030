/*
 * Time series: what was copied and how far behind it is, sampled for the charts. Fed by `link-sample.ts` on a timer, read by
 * `api/metrics.ts`; `text.ts` tells the same to Prometheus.
 */

import { sampleEveryMs, type SeriesPoint } from '../../../shared/model/overview.ts'
import type { HistoryStore, Rollup } from '../journal/port/history.ts'
import type { Timers } from '../base/timers.ts'
import { acrossLinks, downsample, overTime, type Sample } from './sample.ts'

/** Counts and gauges of one link at one tick; counts are since the tick before. */
export type LinkSample = Omit<Rollup, 'at'>

export interface SeriesOptions {
  readonly history: Pick<HistoryStore, 'addRollups' | 'rollups'>
  /** Called every 5 s: one row per link. Totals over all links are made here. */
  readonly read: () => readonly LinkSample[]
  readonly now: () => number
  readonly timers: Timers
}

export interface Series {
  start(): void
  /** Writes the minute under way. */
  stop(): Promise<void>
  /** `null` for all links together. At most 150 points, oldest first; times at which nothing was measured have none. */
  points(linkId: string | null, windowMs: number): Promise<readonly SeriesPoint[]>
}

const keptMs = 3_600_000
const rollupMs = 60_000
const pointLimit = 150

/** The charts’ memory: samples of 5 s for the last hour here, one row per minute and link in the journal for a day. */
export function createSeries(options: SeriesOptions): Series {
  return new SeriesBook(options)
}

class SeriesBook implements Series {
  readonly #options: SeriesOptions
  readonly #samples = new Map<string, Sample[]>()
  #minute = new Map<string, Sample[]>()
  #minuteAt: number
  #stopTicking: (() => void) | null = null
  #writing: Promise<void> = Promise.resolve()

  constructor(options: SeriesOptions) {
    this.#options = options
    this.#minuteAt = minuteOf(options.now())
  }

  start(): void {
    this.#stopTicking ??= this.#options.timers.after(sampleEveryMs, () => {
      this.#stopTicking = null
      this.start()
      this.#tick()
    })
  }

  async stop(): Promise<void> {
    this.#stopTicking?.()
    this.#stopTicking = null
    this.#endMinute()
    await this.#writing
  }

  async points(linkId: string | null, windowMs: number): Promise<readonly SeriesPoint[]> {
    const since = this.#options.now() - windowMs
    const recent = [...(this.#samples.get(linkId ?? '') ?? [])]
    const recentSince = recent[0]?.at ?? Number.POSITIVE_INFINITY
    const older = since < recentSince ? await this.#options.history.rollups(linkId ?? '', since) : []
    // A minute that the ring covers too would count twice.
    const stored = older.filter((row) => row.at + rollupMs <= recentSince)
    const samples = [...stored.map((row) => ({ ...row, spanMs: rollupMs })), ...recent]
    return downsample(samples, since, windowMs, pointLimit)
  }

  #tick(): void {
    const at = this.#options.now()
    if (minuteOf(at) !== this.#minuteAt) this.#endMinute()
    const rows = this.#options.read().map((row) => ({ ...row, at, spanMs: sampleEveryMs }))
    for (const row of [...rows, acrossLinks('', at, rows)]) {
      keep(this.#samples, row, at - keptMs)
      keep(this.#minute, row, 0)
    }
    // A link that was removed leaves the ring when its last sample grows old.
    for (const [linkId, samples] of this.#samples) if (samples.at(-1)!.at < at - keptMs) this.#samples.delete(linkId)
  }

  #endMinute(): void {
    const rows = [...this.#minute].map(([linkId, samples]) => rollupOf(linkId, this.#minuteAt, samples))
    this.#minute = new Map()
    this.#minuteAt = minuteOf(this.#options.now())
    if (rows.length === 0) return
    // Charts may lose a minute; a journal that cannot be written stops the engine by its own alarm.
    const write = (): Promise<void> => this.#options.history.addRollups(rows).catch(() => undefined)
    this.#writing = this.#writing.then(write)
  }
}

/** A sample tells of the time before it, so that of the full minute belongs to the minute just over. */
const minuteOf = (at: number): number => Math.floor((at - 1) / rollupMs) * rollupMs

function keep(book: Map<string, Sample[]>, sample: Sample, since: number): void {
  let samples = book.get(sample.linkId)
  if (samples === undefined) book.set(sample.linkId, (samples = []))
  while (samples.length > 0 && samples[0]!.at < since) samples.shift()
  samples.push(sample)
}

function rollupOf(linkId: string, at: number, samples: readonly Sample[]): Rollup {
  const { spanMs: _spanMs, ...row } = overTime(linkId, at, samples)
  return row
}
