import { z } from 'zod'
import type { AckPolicy, Rule } from './rule.ts'

/**
 * What is compared: the four ack policies, and for comparison a store that is spread over the same sites and agrees on
 * every write by consensus.
 */
export const advisedModes = ['async', 'one', 'majority', 'all', 'consensus'] as const
export type AdvisedMode = (typeof advisedModes)[number]

/**
 * Where waiting for a target begins to hurt: at most 20 ms of round trip and 0.01 % of loss is what RustFS’s own
 * documentation asks of two sites that replicate to each other while clients wait.
 */
export const syncLimits = { rttMs: 20, lossShare: 0.0001 } as const

/** What the operator supposes where nothing was measured, or to see what would be. null takes what was measured. */
export const assumptionsSchema = z.strictObject({
  sourceRttMs: z.number().min(0).max(60_000).nullable().default(null),
  /** To every target. */
  targetRttMs: z.number().min(0).max(60_000).nullable().default(null),
  bandwidthBytesPerSecond: z.number().min(1).max(1e12).nullable().default(null),
  averageChangesPerSecond: z.number().min(0).max(1e7).nullable().default(null),
  peakChangesPerSecond: z.number().min(0).max(1e7).nullable().default(null),
  meanObjectBytes: z.number().min(0).max(1e15).nullable().default(null),
  /** How long the peak lasts. */
  peakMinutes: z.number().min(1).max(10_080).default(60),
})
export type Assumptions = Readonly<z.infer<typeof assumptionsSchema>>

/** `measured` by this engine, `assumed` by the operator, `estimated` from other figures, `limit`: the rule’s own. */
export type FigureOrigin = 'measured' | 'assumed' | 'estimated' | 'limit'

/** One number with all that makes it worth believing; its unit is in the name of the field that holds it. */
export interface Figure {
  readonly value: number
  readonly origin: FigureOrigin
  /** What chance alone does to it, either way, with 95 % confidence; 0 where nothing was counted. In the unit of `value`. */
  readonly plusMinus: number
  /** The true value may be higher: the most that was seen, while nothing asked for more. */
  readonly atLeast: boolean
  /** Epoch ms of the newest sample; null when nothing was measured. */
  readonly asOf: number | null
  /** Probes, or minutes of traffic; 0 when nothing was measured. */
  readonly samples: number
}

/** Probes that got no answer, of those sent while the site was online. */
export interface LossFigure {
  /** Against {@link syncLimits}: `too-few` while the probes allow of both. */
  readonly verdict: 'within' | 'above' | 'too-few'
  readonly failed: number
  readonly probes: number
  /** The share lies below this with 95 % confidence; null before the first probe. */
  readonly atMostShare: number | null
  /** How many probes without a failure would show that the loss is within the limit. */
  readonly probesToTell: number
  readonly asOf: number | null
}

/** How long a site answered since Lockstep began to watch it. */
export interface UpFigure {
  /** 0–1. */
  readonly share: number
  readonly downMs: number
  readonly watchedMs: number
}

export interface SiteFigures {
  readonly site: string
  readonly name: string
  readonly online: boolean | null
  /** Round trips as measured from the computer that runs Lockstep, where the gateway is too. */
  readonly rttMedianMs: Figure | null
  /** The longest of the window. */
  readonly rttMaxMs: Figure | null
  readonly loss: LossFigure
  /** null until the site has been watched for a minute. */
  readonly up: UpFigure | null
}

export interface TargetFigures extends SiteFigures {
  readonly bandwidthBytesPerSecond: Figure | null
  /** Changes per second that the link copies when it is full. */
  readonly drainPerSecond: Figure | null
  readonly backlogCount: Figure | null
  readonly lagSeconds: Figure | null
  /** The highest in the window. */
  readonly lagMaxSeconds: Figure | null
}

/** What clients change at the source. */
export interface ChangeFigures {
  readonly averagePerSecond: Figure | null
  /** The busiest minute. */
  readonly peakPerSecond: Figure | null
  readonly meanObjectBytes: Figure | null
  /** The first copy still runs, so that changes cannot be told from it. */
  readonly firstCopy: boolean
}

/**
 * How the gateway brings a write to the targets that it waits for: `side-by-side` with the source, or `after-source`, by
 * a copy of what the source has taken.
 */
export type WritePath = 'side-by-side' | 'after-source'

/** Everything that the comparison stands on. */
export interface AdviceFigures {
  readonly source: SiteFigures
  /** One per copy: a rule may have two buckets at one site. */
  readonly targets: readonly TargetFigures[]
  readonly changes: ChangeFigures
  readonly peakMinutes: number
  readonly writePath: WritePath
  /** What a write meets that its targets do not confirm in time. */
  readonly onTimeout: Rule['ack']['onTimeout']
}

export interface Spread {
  /** At median round trips, the bytes not counted unless the bandwidth is known. */
  readonly typicalMs: number
  /** At the longest round trips seen, with the bytes at no more than what a full link carried. */
  readonly worstMs: number
  /** What chance does to `typicalMs`, with 95 % confidence. */
  readonly plusMinusMs: number
  readonly origin: FigureOrigin
}

/** How much of the last writes no other site has; null where it cannot be told. */
export interface RecentWrites {
  /** At this moment. */
  readonly nowSeconds: number | null
  /** When nothing waits: what one copy takes. */
  readonly quietSeconds: number | null
  /** At the end of the peak. */
  readonly atPeakSeconds: number | null
  /** The most that was seen in the last 24 hours. */
  readonly worstSeenSeconds: number | null
}

/**
 * What acknowledged writes are lost when the source is lost for good. Nothing is lost of what was confirmed; `unless`: while
 * too few targets confirm, the rule answers as asynchronous.
 */
export type LossOfSource =
  { readonly kind: 'nothing'; readonly unless: 'degraded' | null } | ({ readonly kind: 'recent' } & RecentWrites)

/** What writes meet. `partly`: some wait or are refused, as the rule’s timeout says. */
export type WritesWhen = 'go-on' | 'refused' | 'timeout'

export interface Backlog {
  /** Changes per second by which the backlog grows while the peak lasts; 0 when the targets keep up. */
  readonly growthPerSecond: number
  /** At the end of the peak. */
  readonly peakCount: number
  readonly peakBytes: number | null
  /** From the end of the peak until nothing waits; null when the average leaves no room to drain. */
  readonly drainSeconds: number | null
  /** Clients are slowed down to this many changes per second instead; null when nobody is. */
  readonly heldToPerSecond: number | null
  readonly origin: FigureOrigin
}

export interface Messages {
  readonly least: number
  readonly most: number
}

/** One column of the comparison. null where a figure that it needs is not known. */
export interface ModeComparison {
  readonly mode: AdvisedMode
  /** Copies beside the source’s that a client waits for. */
  readonly waitsFor: number
  /** To a write that only waits for the source. */
  readonly addedLatency: Spread | null
  /** The least strict mode that takes as long: whatever the difference is, it is within what was measured. */
  readonly asFastAs: AdvisedMode | null
  readonly lossOfSource: LossOfSource
  /** How many sites may be lost at once, the source among them, without losing an acknowledged write. */
  readonly sitesToLose: number
  readonly sourceDown: WritesWhen
  readonly targetDown: WritesWhen
  /** Share of the time watched in which writes were possible, by the sites’ own measured shares; 0–1. */
  readonly writable: number | null
  /** Share in which they were answered without the confirmations that the mode promises; 0 where they are refused then. */
  readonly unconfirmed: number | null
  /** Requests and answers between sites for one write. */
  readonly messages: Messages
  readonly backlog: Backlog | null
}

/** Why a policy is recommended, most telling first. */
export type AdviceReason =
  | { readonly kind: 'rtt-unknown'; readonly sites: readonly string[] }
  | {
      readonly kind: 'rtt-above' | 'rtt-within'
      readonly site: string
      readonly rttMs: number
      readonly origin: FigureOrigin
      readonly addedMs: number
    }
  | { readonly kind: 'loss-above'; readonly site: string; readonly failed: number; readonly probes: number }
  | { readonly kind: 'loss-unknown'; readonly site: string; readonly probes: number; readonly probesToTell: number }
  | {
      readonly kind: 'too-slow'
      readonly site: string
      readonly peakPerSecond: number
      readonly drainPerSecond: number
    }
  | { readonly kind: 'one-may-be-down'; readonly targets: number }
  | { readonly kind: 'target-stops-writes' | 'target-weakens-writes'; readonly site: string }
  | ({ readonly kind: 'rpo' } & RecentWrites)
  | { readonly kind: 'never-drains'; readonly site: string }
  | { readonly kind: 'offline'; readonly site: string }

export interface Recommendation {
  /** null while too little is known to recommend any. */
  readonly policy: AckPolicy | null
  readonly reasons: readonly AdviceReason[]
}

export interface Advice {
  readonly asOf: number
  readonly ruleId: string | null
  /** How many rules of this pair the numbers come from; 0 when nothing has been replicated between them. */
  readonly rules: number
  /** What the rule does today, or what a new rule would begin with. */
  readonly ack: Rule['ack']
  readonly figures: AdviceFigures
  readonly modes: readonly ModeComparison[]
  readonly recommendation: Recommendation
}
