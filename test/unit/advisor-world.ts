import {
  assumptionsSchema,
  type Advice,
  type AdviceFigures,
  type Assumptions,
  type WritePath,
} from '../../shared/model/advisor.ts'
import type { SiteHealth } from '../../shared/model/site.ts'
import { compareModes } from '../../electron/engine/advisor/compare-modes.ts'
import { figuresOf, type SeenTarget } from '../../electron/engine/advisor/figures.ts'
import { recommend } from '../../electron/engine/advisor/recommend.ts'
import { trafficOf, type Minute } from '../../electron/engine/advisor/traffic.ts'

export const at = 1_800_000_000_000
const minuteMs = 60_000

export interface PairOptions {
  /** Typical round trip to the source and to each target; the longest is three times that. */
  readonly sourceRttMs?: number | null
  readonly targetRttMs?: readonly (number | null)[]
  readonly probes?: Partial<SiteHealth['probes']>
  readonly downMs?: number
  readonly minutes?: readonly Minute[] | null
  readonly limitBytesPerSecond?: number | null
  readonly firstCopy?: boolean
  readonly assume?: Partial<Assumptions>
  readonly writePath?: WritePath
  readonly onTimeout?: AdviceFigures['onTimeout']
  readonly jitterMs?: number
}

function healthOf(rttMs: number | null, { probes = {}, downMs = 0, jitterMs = 0 }: PairOptions = {}): SiteHealth {
  return {
    state: rttMs === null ? 'unknown' : 'online',
    asOf: at,
    rttMs: rttMs === null ? null : { current: rttMs, average: 2 * rttMs, median: rttMs, max: 3 * rttMs },
    jitterMs,
    probeLoss: rttMs === null ? null : 0,
    probes: {
      recent: rttMs === null ? 0 : 60,
      counted: 17_280,
      failed: 0,
      sinceAt: at - 86_400_000,
      lastAt: at,
      ...probes,
    },
    clockSkewMs: 0,
    downSince: null,
    totalDownMs: downMs,
    readBytesPerSecond: 0,
    writeBytesPerSecond: 0,
    lastFault: null,
  }
}

const notFull = { fullMs: 0, fullObjects: 0, fullBytes: 0 }

/** `count` minutes in which that much came and went, ending now. */
export function minutesOf(
  perSecond: number,
  count = 60,
  { full = false, ...more }: Partial<Minute> & { readonly full?: boolean } = {},
): readonly Minute[] {
  return Array.from({ length: count }, (_, index) => ({
    at: at - (count - index) * minuteMs,
    objects: perSecond * 60,
    bytes: perSecond * 60 * 100_000,
    backlogCount: 0,
    lagSeconds: 0,
    ...(full ? { fullMs: minuteMs, fullObjects: perSecond * 60, fullBytes: perSecond * 6_000_000 } : notFull),
    ...more,
  }))
}

/** The figures of a pair as the engine would gather them. */
export function figuresFor(options: PairOptions = {}): AdviceFigures {
  const { sourceRttMs = 1, targetRttMs = [5], minutes = null, firstCopy = false } = options
  const targets = targetRttMs.map((rttMs, index): SeenTarget => ({
    site: `t${index + 1}`,
    name: `Target ${index + 1}`,
    health: healthOf(rttMs, options),
    link:
      minutes === null
        ? null
        : {
            traffic: trafficOf(minutes, firstCopy ? null : 0),
            backlogCount: minutes.at(-1)?.backlogCount ?? 0,
            lagSeconds: minutes.at(-1)?.lagSeconds ?? 0,
            firstCopy,
            limitBytesPerSecond: options.limitBytesPerSecond ?? null,
          },
  }))
  return figuresOf({
    at,
    source: { site: 's', name: 'Source', health: healthOf(sourceRttMs, options) },
    targets,
    workers: 100,
    writePath: options.writePath ?? 'side-by-side',
    onTimeout: options.onTimeout ?? 'fail',
    assumed: assumptionsSchema.parse(options.assume ?? {}),
  })
}

export function adviceFor(options: PairOptions = {}): Pick<Advice, 'figures' | 'modes' | 'recommendation'> {
  const figures = figuresFor(options)
  const modes = compareModes(figures)
  return { figures, modes, recommendation: recommend(figures, modes) }
}
