import {
  advisedModes,
  type AdviceFigures,
  type AdvisedMode,
  type Backlog,
  type LossOfSource,
  type ModeComparison,
  type WritesWhen,
} from '../../../shared/model/advisor.ts'
import { backlogAtPeak } from './backlog.ts'
import { addedLatency, copySeconds } from './latency.ts'
import { messagesPerWrite } from './messages.ts'
import { atLeast, waitsFor } from './quorum.ts'

/** All modes side by side for one source and its targets. Pure: figures in, comparison out. */
export function compareModes(figures: AdviceFigures): readonly ModeComparison[] {
  return advisedModes.map((mode) => compareMode(mode, figures))
}

function compareMode(mode: AdvisedMode, figures: AdviceFigures): ModeComparison {
  const copies = figures.targets.length
  const awaited = waitsFor(mode, copies)
  const backlog = backlogAtPeak(mode, figures)
  return {
    mode,
    waitsFor: awaited,
    addedLatency: addedLatency(mode, figures),
    lossOfSource: awaited > 0 ? { kind: 'nothing' } : recentWrites(figures, backlog),
    // W copies hold an acknowledged write: it outlives the loss of any W − 1 of them.
    sitesToLose: awaited,
    ...writesWhen(mode, copies, awaited),
    writable: writable(mode, figures, awaited),
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

/** Sites fail independently here: source up and at least k targets up. `timeout: degrade` leaves only the source. */
function writable(mode: AdvisedMode, { source, targets }: AdviceFigures, awaited: number): number | null {
  const shares = targets.flatMap(({ up }) => up?.share ?? [])
  if (source.up === null || shares.length < targets.length) return null
  if (mode === 'consensus') return atLeast(awaited + 1, [source.up.share, ...shares])
  return source.up.share * atLeast(awaited, shares)
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
