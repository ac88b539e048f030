import type { Advice, AdvisedMode, ModeComparison, WritePath } from '../../../shared/model/advisor.ts'
import type { AckPolicy, Rule } from '../../../shared/model/rule.ts'
import { countOf, formatBytes, formatCount, formatDuration, formatMs } from '../../text/format.ts'
import { policyNames } from '../../text/ack.ts'
import { formatChangeRate, formatSeconds, formatSmallShare, formatUptime, originNote } from './amounts.ts'
import { extremes } from './reason-text.ts'

/** One cell of the comparison: what counts, and a line that makes it exact. */
export interface Cell {
  readonly value: string
  readonly note: string | null
}

export const modeNames: Record<AdvisedMode, string> = {
  ...policyNames,
  consensus: 'Consensus store',
}

export const isPolicy = (mode: AdvisedMode): mode is AckPolicy => mode !== 'consensus'

/** When a client is answered, below the name of the mode. */
export function answeredWhen({ mode, waitsFor }: ModeComparison, copies: number): string {
  switch (mode) {
    case 'async':
      return 'answered when the source has it'
    case 'one':
      return copies === 1 ? 'when the target has it too' : 'when the fastest target has it too'
    case 'majority':
      return `when ${waitsFor + 1} of ${copies + 1} sites have it`
    case 'all':
      return copies === 1 ? 'when both sites have it' : `when all ${copies + 1} sites have it`
    case 'consensus':
      return `for comparison: when ${waitsFor + 1} of ${copies + 1} sites agree`
  }
}

export interface ComparedRow {
  readonly id: string
  readonly name: string
  /** How the numbers of the row come about. */
  readonly explained: string | ((advice: Advice) => string)
  readonly cell: (mode: ModeComparison, advice: Advice) => Cell
}

const unknown = (note: string): Cell => ({ value: 'Not known', note })

const latencyPaths: Record<WritePath, string> = {
  'side-by-side':
    'Source and targets are written at the same time, so a write takes as long as the slowest site that is waited for, not the sum: one round trip to it, minus the one to the source.',
  'after-source':
    'When the source has taken the write, it is copied to all targets in parallel, and the client waits for as many of them as the mode asks: the longer round trip of both for a look, one to the source for the read, one to the target for the write.',
}

const messagePaths: Record<WritePath, string> = {
  'side-by-side': 'A write that waits goes to all sites at once, so nothing is looked at or read again.',
  'after-source': 'The same copy is made in every mode; they differ in who waits for it.',
}

/** The one list of what is compared, in the order of the table. */
export const comparedRows: readonly ComparedRow[] = [
  {
    id: 'latency',
    name: 'Added to each write',
    explained: ({ figures }) =>
      `${latencyPaths[figures.writePath]} Typical: at median round trips, with size ÷ bandwidth where a limit or an assumption says the bandwidth. At most: at the longest round trips seen, with the bytes of a mean object at what the full link carried. A store by consensus brings the object to a majority and then agrees on its entry: two round trips at best; four were measured on such a store over long distances.`,
    cell: latencyCell,
  },
  {
    id: 'rpo',
    name: 'Lost if the source is lost',
    explained:
      'What clients were told is stored and no other site has. Asynchronous copies lag by the oldest change that waits, and never by less than one copy takes: a look at both sides, the read and the write. At the end of a peak the last change waits behind the whole backlog: backlog ÷ drain rate.',
    cell: lossCell,
  },
  {
    id: 'sites',
    name: 'Sites that may be lost',
    explained:
      'How many sites may be lost for good at the same moment, the source among them, without losing a write that was acknowledged: the number of copies that were waited for, beside the first.',
    cell: ({ sitesToLose }, { figures }) => ({
      value: sitesToLose === 0 ? 'None' : `Any ${sitesToLose} of ${figures.targets.length + 1}`,
      note: null,
    }),
  },
  {
    id: 'target-down',
    name: 'A target is down',
    explained:
      'The rule decides what happens when a confirmation does not come in time: fail refuses the write and says that it may be repeated; degrade answers like asynchronous, shows it in the console, and returns to the promise when the targets have caught up. Whatever a target misses waits in the queue and follows.',
    cell: targetDownCell,
  },
  {
    id: 'source-down',
    name: 'The source is down',
    explained:
      'Writes belong to the source: under every policy they stop while it is down. Only a store by consensus goes on at the other sites, as long as a majority of them is left.',
    cell: ({ sourceDown }) =>
      sourceDown === 'go-on'
        ? { value: 'Writes go on', note: 'a majority is left' }
        : { value: 'Writes stop', note: 'until it is back or you switch over' },
  },
  {
    id: 'writable',
    name: 'Writes were possible',
    explained:
      'By how long each site answered since Lockstep began to watch it, as if sites failed independently of each other: the source up, and as many targets as are waited for. With degrade instead of fail it is the share of the source alone, and how much of it was answered as asynchronous is told.',
    cell: writableCell,
  },
  {
    id: 'messages',
    name: 'Messages per write',
    explained: ({ figures }) =>
      `Requests and answers between Lockstep and the sites for one write of a small object; TCP’s own are left out. A copy looks at both sides, reads the source and writes the target. ${messagePaths[figures.writePath]} A leader that agrees by consensus asks every other site in each of two to four rounds.`,
    cell: ({ messages }) => ({
      value: messages.least === messages.most ? String(messages.least) : `${messages.least} to ${messages.most}`,
      note: null,
    }),
  },
  {
    id: 'backlog',
    name: 'Backlog at the peak',
    explained:
      'Changes that come per second at the peak, minus those that the link drains. A target that is waited for gathers no backlog: its clients are slowed down instead.',
    cell: backlogCell,
  },
  {
    id: 'drain',
    name: 'Time to drain',
    explained:
      'From the end of the peak until nothing waits any more: backlog ÷ (drain rate − average change rate). When the average leaves no room to drain, it never ends.',
    cell: drainCell,
  },
]

/** What decides between modes; the wizard shows no more. */
export const decisiveRows = comparedRows.filter(({ id }) => ['latency', 'rpo', 'target-down'].includes(id))

function latencyCell({ addedLatency, asFastAs, waitsFor }: ModeComparison): Cell {
  if (waitsFor === 0) return { value: 'Nothing', note: null }
  if (addedLatency === null) return unknown('a round trip is not measured yet')
  const { typicalMs, worstMs, origin } = addedLatency
  const same = asFastAs === null ? null : `no measurable difference to ${modeNames[asFastAs]}`
  return { value: `+ ${formatMs(typicalMs)}`, note: joined([`up to ${formatMs(worstMs)}`, same, originNote(origin)]) }
}

function lossCell({ lossOfSource }: ModeComparison, { figures }: Advice): Cell {
  if (lossOfSource.kind === 'nothing')
    return { value: 'Nothing', note: lossOfSource.unless === null ? null : 'while degraded, as asynchronous' }
  const { nowSeconds, quietSeconds } = lossOfSource
  if (nowSeconds === null) return unknown('a round trip is not measured yet')
  const quiet =
    quietSeconds !== null && quietSeconds < nowSeconds ? `${formatSeconds(quietSeconds)} when nothing waits` : null
  return {
    value: `The last ${formatSeconds(nowSeconds)}`,
    note: joined([quiet, ...extremes(lossOfSource, figures.peakMinutes)]),
  }
}

function targetDownCell({ targetDown, mode }: ModeComparison, { ack, figures }: Advice): Cell {
  switch (targetDown) {
    case 'go-on':
      return {
        value: 'Writes go on',
        note: mode === 'async' ? 'its changes wait in the queue' : `${figures.targets.length - 1} left to confirm`,
      }
    case 'refused':
      return { value: 'Writes stop', note: 'no majority without it' }
    case 'timeout':
      return timeoutCell(ack)
  }
}

function timeoutCell({ onTimeout, timeoutMs }: Rule['ack']): Cell {
  const after = formatDuration(timeoutMs)
  return onTimeout === 'fail'
    ? { value: `Refused after ${after}`, note: 'or, with degrade, as asynchronous' }
    : { value: 'As asynchronous', note: `the first waits ${after}` }
}

function writableCell({ writable, unconfirmed }: ModeComparison, { figures }: Advice): Cell {
  if (writable === null) return unknown('the sites are not watched long enough')
  const watched = Math.min(...[figures.source, ...figures.targets].map(({ up }) => up?.watchedMs ?? 0))
  const weak = unconfirmed === null || unconfirmed === 0 ? null : `${formatSmallShare(unconfirmed)} as asynchronous`
  return { value: formatUptime(writable), note: joined([`of the last ${formatDuration(watched)}`, weak]) }
}

const ratesUnknown = 'change rate or round trip not measured'

function backlogCell({ backlog }: ModeComparison): Cell {
  if (backlog === null) return unknown(ratesUnknown)
  const { growthPerSecond, peakCount, peakBytes, heldToPerSecond, origin } = backlog
  const held = heldToPerSecond === null ? null : `clients are held to ${formatChangeRate(heldToPerSecond)}`
  if (growthPerSecond === 0) return { value: 'None', note: joined([held, originNote(origin)]) }
  const bytes = peakBytes === null ? '' : `, ${formatBytes(peakBytes)}`
  return {
    value: `+ ${formatChangeRate(growthPerSecond)}`,
    note: joined([`up to ${countOf(Math.round(peakCount), 'change')}${bytes}`, held, originNote(origin)]),
  }
}

function drainCell({ backlog }: ModeComparison): Cell {
  if (backlog === null) return unknown(ratesUnknown)
  if (backlog.peakCount === 0) return { value: 'Nothing to drain', note: null }
  if (backlog.drainSeconds === null) return { value: 'Never', note: 'the average leaves no room' }
  return { value: formatSeconds(backlog.drainSeconds), note: `for ${formatCount(backlog.peakCount)} changes` }
}

function joined(parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null)
  return said.length === 0 ? null : said.join('; ')
}

/** Whose traffic the comparison stands on. */
export function basisText({ ruleId, rules, figures }: Advice): string {
  if (figures.changes.firstCopy)
    return 'The first copy is under way: what clients change cannot be told from it until it has ended.'
  if (ruleId !== null) return `Traffic is that of the rule ${ruleId} in the last 24 hours, minute by minute.`
  return rules === 0
    ? 'Nothing has been replicated between these sites yet: traffic is known when a rule has run for a minute.'
    : `Traffic is that of ${rules === 1 ? 'the one rule' : `the ${formatCount(rules)} rules`} between these sites in the last 24 hours.`
}
