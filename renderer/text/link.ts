import type { BucketAt, FeedView, LinkView } from '../../shared/model/rule.ts'
import { isBehind, isInStep, kindOf, standsStill, type StateKind } from '../../shared/model/sync-state.ts'
import type { Lane, Operation } from '../../shared/model/task.ts'
import type { Tone } from '../../shared/text/overall.ts'
import { countOf, formatAgo, formatCount, formatDuration } from './format.ts'

export type { Tone }

export const stateText: Record<StateKind, { readonly label: string; readonly tone: Tone }> = {
  'in-step': { label: 'In step', tone: 'good' },
  copying: { label: 'Copying', tone: 'busy' },
  'first-copy': { label: 'First copy', tone: 'busy' },
  paused: { label: 'Paused', tone: 'quiet' },
  'not-converging': { label: 'Not converging', tone: 'bad' },
  stopped: { label: 'Stopped', tone: 'bad' },
  waiting: { label: 'Waiting', tone: 'waiting' },
  held: { label: 'Held', tone: 'bad' },
  failing: { label: 'Failing', tone: 'bad' },
  disabled: { label: 'Switched off', tone: 'quiet' },
}

/** The sentence under a badge that is not green: why, and what to do. null when the badge says it all. */
export function whyOf(link: Pick<LinkView, 'state' | 'backlogCount'>): { reason: string; remedy: string } | null {
  const { state } = link
  switch (state.kind) {
    case 'in-step':
      return null
    case 'copying':
      return { reason: `${countOf(link.backlogCount, 'change')} on the way.`, remedy: '' }
    case 'first-copy':
      return { reason: 'What the source already holds is being copied.', remedy: 'Nothing to do.' }
    case 'disabled':
      return {
        reason: 'The rule is switched off; changes are not noticed.',
        remedy: 'Switch it on, on the rule’s page, to go on.',
      }
    case 'paused':
    case 'not-converging':
    case 'stopped':
    case 'waiting':
    case 'held':
    case 'failing':
      return { reason: state.reason, remedy: state.remedy }
  }
}

/** `photos @ berlin`: bucket and site in words, the one way in which the console writes a place. */
export function placeOf(at: BucketAt): string {
  return `${at.bucket} @ ${at.site}`
}

/** How far the target is behind; null when nothing is pending. */
export function behindOf(oldestPendingAt: number | null, now: number): string | null {
  return oldestPendingAt === null ? null : `${formatDuration(now - oldestPendingAt)} behind`
}

/** When the backlog will be gone at the present rate, in words. */
export function forecastOf(link: Pick<LinkView, 'state' | 'unknown' | 'backlogCount' | 'drainSeconds'>): string {
  const kind = kindOf(link.state)
  if (kind === 'held') return 'Stands still while held'
  if (link.backlogCount === 0) return link.unknown === null ? 'Nothing to drain' : 'Not known'
  if (kind === 'paused') return 'Stands still while paused'
  if (kind === 'stopped') return 'Stands still while stopped'
  if (kind === 'waiting') return 'Stands still while it waits'
  if (kind === 'disabled') return 'Stands still while switched off'
  if (link.drainSeconds === null) return 'Not shrinking at the present rate'
  return `Drained in about ${formatDuration(link.drainSeconds * 1000)}`
}

/** How much waits; while nobody can see, the least that does. */
export function backlogOf({ unknown, backlogCount }: Pick<LinkView, 'unknown' | 'backlogCount'>): string {
  if (unknown === null) return countOf(backlogCount, 'change')
  return backlogCount === 0 ? 'Not known' : `At least ${countOf(backlogCount, 'change')}`
}

/** What is not in step though nothing of it failed. */
export function notInStepOf(link: Pick<LinkView, 'state' | 'unknown' | 'backlogCount'>): string {
  if (isInStep(link)) return 'Nothing'
  if (link.unknown !== null) return 'Not known'
  if (isBehind(link))
    return `${countOf(link.backlogCount, 'change')} ${standsStill(link.state) ? 'held back' : 'on the way'}`
  return standsStill(link.state) ? 'Nothing known; it stands still' : 'Nothing failed'
}

export const operationText: Record<Operation, string> = {
  put: 'Copy',
  metadata: 'Metadata',
  deleteMarker: 'Delete marker',
  deleteVersion: 'Version delete',
}

export const laneText: Record<Lane, string> = { small: 'Small', large: 'Large', mrf: 'Retry' }

const feedNames: Record<FeedView['kind'], string> = {
  listen: 'Event stream',
  webhook: 'Webhook',
  scan: 'Scan',
}

const feedStates: Record<FeedView['state'], string> = {
  live: 'connected',
  connecting: 'connecting',
  idle: 'idle',
  scanning: 'scanning',
  fault: 'not working',
}

export function feedTitle(feed: FeedView): string {
  return `${feedNames[feed.kind]}: ${feedStates[feed.state]}`
}

/** What a feed last did, in one line. */
export function feedLine(feed: FeedView, now: number): string {
  if (feed.kind !== 'scan') {
    return feed.lastEventAt === null ? 'No event so far' : `Last event ${formatAgo(feed.lastEventAt, now)}`
  }
  if (feed.scan !== null) return `${formatCount(feed.scan.keys)} keys looked at so far`
  if (feed.lastScan === null) return 'No scan has ended since the engine started'
  const { endedAt, keys, differences } = feed.lastScan
  return `Last scan ended ${formatAgo(endedAt, now)}: ${formatCount(keys)} keys, ${countOf(differences, 'difference')}`
}
