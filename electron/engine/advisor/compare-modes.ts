/*
 * Advisor: the ack policies for a pair of sites side by side. Pure functions over measured figures; `api/advisor.ts` measures
 * and asks.
 */

import {
  advisedModes,
  type AdviceFigures,
  type AdvisedMode,
  type Backlog,
  type LossOfSource,
  type ModeComparison,
  type Spread,
  type WritesWhen,
} from '../../../shared/model/advisor.ts'
import { backlogAtPeak } from './backlog.ts'
import { addedLatency, copySeconds } from './latency.ts'
import { messagesPerWrite } from './messages.ts'
import { isBelow } from './noise.ts'
import { atLeast, waitsFor } from './quorum.ts'

/** All modes side by side for one source and its targets. Pure: figures in, comparison out. */
export function compareModes(figures: AdviceFigures): readonly ModeComparison[] {
  const modes = advisedModes.map((mode) => compareMode(mode, figures))
  return modes.map((mode) => ({ ...mode, asFastAs: asFastAs(mode, modes) }))
}

/** The first of those before it, which are less strict, that is faster by no more than chance does to the measurements. */
function asFastAs({ mode, addedLatency: added }: Bare, modes: readonly Bare[]): AdvisedMode | null {
  if (added === null) return null
  const like = ({ addedLatency: other }: Bare): boolean =>
    other !== null && other.typicalMs < added.typicalMs && !isBelow(spread(other), spread(added))
  return modes.slice(0, advisedModes.indexOf(mode)).find(like)?.mode ?? null
}

const spread = ({ typicalMs, plusMinusMs }: Spread): { readonly value: number; readonly plusMinus: number } => ({
  value: typicalMs,
  plusMinus: plusMinusMs,
})

type Bare = Omit<ModeComparison, 'asFastAs'>

function compareMode(mode: AdvisedMode, figures: AdviceFigures): Bare {
  const copies = figures.targets.length
  const awaited = waitsFor(mode, copies)
  const backlog = backlogAtPeak(mode, figures)
  return {
    mode,
    waitsFor: awaited,
    addedLatency: addedLatency(mode, figures),
    lossOfSource: awaited > 0 ? { kind: 'nothing', unless: unless(mode, figures) } : recentWrites(figures, backlog),
    // W copies hold an acknowledged write: it outlives the loss of any W − 1 of them.
    sitesToLose: awaited,
    ...writesWhen(mode, copies, awaited),
    ...possible(mode, figures, awaited),
    messages: messagesPerWrite(mode, copies, figures.writePath),
    backlog,
  }
}

function writesWhen(
  mode: AdvisedMode,
  copies: number,
  awaited: number,
): Pick<ModeComparison, 'sourceDown' | 'targetDown'> {
  // Consensus goes on at any site while a majority is left; a rule’s source is where its writes belong.
  const spare = copies - awaited
  const consensusDown: WritesWhen = spare > 0 ? 'go-on' : 'refused'
  if (mode === 'consensus') return { sourceDown: consensusDown, targetDown: consensusDown }
  return { sourceDown: 'refused', targetDown: spare > 0 ? 'go-on' : 'timeout' }
}

/** A store by consensus knows no answer below its promise; and under `async` there is none to fall back from. */
const unless = (mode: AdvisedMode, { onTimeout }: AdviceFigures): 'degraded' | null =>
  mode !== 'consensus' && onTimeout === 'degrade' ? 'degraded' : null

/**
 * Sites fail independently here: source up and at least k targets up. A rule that degrades asks only for the source, and what is
 * written without the targets is told apart.
 */
function possible(
  mode: AdvisedMode,
  figures: AdviceFigures,
  awaited: number,
): Pick<ModeComparison, 'writable' | 'unconfirmed'> {
  const { source, targets } = figures
  const shares = targets.flatMap(({ up }) => up?.share ?? [])
  if (source.up === null || shares.length < targets.length) return { writable: null, unconfirmed: null }
  if (mode === 'consensus') return { writable: atLeast(awaited + 1, [source.up.share, ...shares]), unconfirmed: 0 }
  const confirmed = source.up.share * atLeast(awaited, shares)
  if (unless(mode, figures) === null) return { writable: confirmed, unconfirmed: 0 }
  return { writable: source.up.share, unconfirmed: Math.max(0, source.up.share - confirmed) }
}

/**
 * RPO of asynchronous copies: as old as the oldest change that waits, and never less than a copy takes. At the end of
 * the peak the last change waits behind the whole backlog: backlog ÷ drain rate.
 */
function recentWrites(figures: AdviceFigures, backlog: Backlog | null): LossOfSource {
  const { targets } = figures
  const copies = targets.map((target) => copySeconds(figures, target))
  const quietSeconds = copies.includes(null) ? null : highest(copies)
  const orMore = (seconds: number): number | null => (quietSeconds === null ? null : Math.max(quietSeconds, seconds))
  const seen = targets.flatMap(({ lagMaxSeconds }) => lagMaxSeconds?.value ?? [])
  return {
    kind: 'recent',
    nowSeconds: orMore(highest(targets.map(({ lagSeconds }) => lagSeconds?.value ?? 0))),
    quietSeconds,
    atPeakSeconds: backlog === null || quietSeconds === null ? null : quietSeconds + waitAtPeak(figures, backlog),
    worstSeenSeconds: seen.length === 0 ? null : highest(seen),
  }
}

const highest = (values: readonly (number | null)[]): number => Math.max(...values.map((value) => value ?? 0))

function waitAtPeak({ targets }: AdviceFigures, { peakCount }: Backlog): number {
  const slowest = Math.min(...targets.map(({ drainPerSecond }) => drainPerSecond?.value ?? Number.POSITIVE_INFINITY))
  return peakCount === 0 ? 0 : peakCount / slowest
}
