import type { AdviceFigures, Figure, LossFigure, SiteFigures, TargetFigures } from '../../../shared/model/advisor.ts'
import { countOf, formatByteRate, formatBytes, formatCount, formatDuration, formatMs } from '../../text/format.ts'
import { formatChangeRate, formatSeconds, formatSmallShare, formatUptime, lossLimit, originText } from './amounts.ts'

/** One line of what the comparison stands on. */
export interface FigureRow {
  readonly name: string
  readonly value: string
  readonly from: string
  readonly samples: string
  readonly asOf: number | null
  readonly missing: boolean
}

export function figureRows({ source, targets, changes }: AdviceFigures): readonly FigureRow[] {
  return [
    rttRow(source, `Round trip to ${source.name} (source)`),
    ...targets.flatMap(targetRows),
    row('Changes at the source, average', changes.averagePerSecond, formatChangeRate, 'minute'),
    row('Changes in the busiest minute', changes.peakPerSecond, formatChangeRate, 'minute'),
    row('Mean size of a change', changes.meanObjectBytes, formatBytes, 'minute'),
    ...[source, ...targets].map(upRow),
  ]
}

function targetRows(target: TargetFigures): readonly FigureRow[] {
  const { name } = target
  return [
    rttRow(target, `Round trip to ${name}`),
    lossRow(target),
    row(`Bandwidth to ${name}`, target.bandwidthBytesPerSecond, formatByteRate, 'minute'),
    row(`What ${name} drains when full`, target.drainPerSecond, formatChangeRate, 'minute'),
    row(`Behind at ${name} now`, target.lagSeconds, formatSeconds, 'reading'),
    row(`Furthest behind at ${name}`, target.lagMaxSeconds, formatSeconds, 'minute'),
  ]
}

const unmeasured = { from: '–', samples: '–', asOf: null, missing: true } as const

function row(name: string, figure: Figure | null, words: (value: number) => string, sample: string): FigureRow {
  if (figure === null) return { name, value: 'Not measured yet', ...unmeasured }
  const { value, origin, atLeast, asOf, samples } = figure
  return {
    name,
    value: `${atLeast ? 'at least ' : ''}${words(value)}`,
    from: originText[origin],
    samples: samples === 0 ? '–' : countOf(samples, sample),
    asOf,
    missing: false,
  }
}

function rttRow({ rttMedianMs, rttMaxMs }: SiteFigures, name: string): FigureRow {
  const longest = rttMaxMs === null || rttMaxMs.origin === 'assumed' ? '' : `, ${formatMs(rttMaxMs.value)} at most`
  return row(name, rttMedianMs, (value) => `${formatMs(value)}${longest}`, 'probe')
}

function lossRow({ name, loss }: TargetFigures): FigureRow {
  const base = { name: `Loss to ${name}` }
  if (loss.atMostShare === null) return { ...base, value: 'Not measured yet', ...unmeasured }
  return {
    ...base,
    value: lossText(loss),
    from: originText.measured,
    samples: countOf(loss.probes, 'probe'),
    asOf: loss.asOf,
    missing: false,
  }
}

/** Never “0 %”: so many probes only show that the loss is below something. */
function lossText({ verdict, failed, probes, atMostShare }: LossFigure): string {
  const counted = `${formatCount(failed)} of ${countOf(probes, 'probe')} failed`
  switch (verdict) {
    case 'above':
      return `${counted}: above ${lossLimit}`
    case 'within':
      return `${counted}: within ${lossLimit}`
    case 'too-few':
      return `${counted}: below ${formatSmallShare(atMostShare ?? 1)}, too few to tell about ${lossLimit}`
  }
}

function upRow({ name, up }: SiteFigures): FigureRow {
  const base = { name: `${name} answered` }
  if (up === null) return { ...base, value: 'Not watched for a minute yet', ...unmeasured }
  const down = up.downMs === 0 ? 'never down' : `down for ${formatDuration(up.downMs)}`
  return {
    ...base,
    value: `${formatUptime(up.share)}, ${down}`,
    from: originText.measured,
    samples: formatDuration(up.watchedMs),
    asOf: null,
    missing: false,
  }
}
