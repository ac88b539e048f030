import type { CompareLevel } from '../../../shared/model/compare.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { knownTraits } from '../../../shared/model/site-traits.ts'
import { trafficOf } from '../advisor/traffic.ts'
import type { LinkFigures } from './cost.ts'
import type { FirstSeen } from './first-seen.ts'
import type { CompareParts } from './port.ts'
import type { Tally } from './tally.ts'
import type { JobReport } from '../job/jobs.ts'
import type { TaskStore } from '../journal/port/tasks.ts'
import type { VersionPair, VersionStore } from '../journal/port/versions.ts'
import type { Journal } from '../journal/port/journal.ts'
import { sealOf } from '../replicate/marks/origin.ts'
import { bucketKey } from '../rule/link.ts'
import { narrowerPrefix } from '../rule/match.ts'
import type { Sites } from '../site/registry.ts'
import type { ListRequest, ObjectStore, VersionPage } from '../store/port.ts'
import type { LinkOrder } from '../replicate/port.ts'
import type { LinkFeeds } from '../link/feeds/link-feeds.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import { scanRecord } from '../link/feeds/scan-record.ts'

/** What the engine knows that a comparison asks for. */
export interface CompareSources {
  readonly links: Links
  readonly journal: Pick<Journal, 'tasks' | 'versions' | 'scans' | 'history'>
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly sites: Pick<Sites, 'health' | 'capabilities'>
  readonly keyedStore: (siteId: string, rule: Pick<Rule, 'fidelity'>) => ObjectStore
  readonly feeds: Pick<LinkFeeds, 'views'>
  readonly orphans: FirstSeen
  readonly now: () => number
}

/** Tasks of one key that are looked at: the first of them say since when it waits. */
const tasksOfKey = 100

/** One link as a comparison needs it. Throws when it cannot be compared now, or when nothing of it begins with the prefix. */
export function linkToCompare(
  link: Link,
  asked: { readonly prefix: string; readonly level: CompareLevel },
  tally: Tally,
  { signal, progress }: JobReport,
  sources: CompareSources,
): CompareParts {
  const { links, journal, list, keyedStore, sites, now } = sources
  const { versions, tasks } = journal
  const order = orderOf(link, links)
  const { linkId } = link
  const back = order.opposite === undefined ? null : links.get(order.opposite.linkId)
  return {
    link: order,
    prefix: prefixOf(link, asked.prefix),
    level: asked.level,
    list,
    listsNested: (side) => knownTraits(sites.capabilities(link[side].site)).listsNested,
    pairs: async (key) => [...(await versions.pairs(linkId, key)), ...(await cameHere(order, key, versions))],
    wasCopied: async (key, versionId) => (await journal.history.itemEvents(linkId, key, versionId)).length > 0,
    isOfAnotherRule: ofAnotherRule(link, sources),
    pending: async (key) => [
      ...(await waiting(link, key, false, tasks)),
      ...(back === null ? [] : await waiting(back, key, true, tasks)),
    ],
    parked: (key, versionId) => parkedCode(linkId, key, versionId, tasks),
    heldBy: heldBy(link),
    noticedUntil: (side) => noticedUntil(side === 'source' ? link : back, sources),
    source: keyedStore(link.source.site, link.rule),
    target: keyedStore(link.target.site, link.rule),
    orphanSince: (key, versionId) => sources.orphans.since(`${linkId} ${versionId} ${key}`, now()),
    recheckAtMost: 10_000,
    now,
    signal,
    onProgress: (keys) => progress(keys, null),
    tally,
  }
}

/** Epoch ms at which the last whole scan of the link began; null while it does not look for changes. */
async function noticedUntil(link: Link | null, { journal, feeds }: CompareSources): Promise<number | null> {
  if (link === null) return null
  const looks = feeds.views(link).some(({ kind, state }) => kind === 'scan' && state !== 'fault')
  if (!link.rule.enabled || link.paused !== null || !looks) return null
  return scanRecord(journal.scans, link.linkId).startedAt()
}

const dayMs = 86_400_000

/** What is known beforehand of what a comparison of the link asks. */
export async function compareFigures(
  { linkId, source, target, rule }: Link,
  { journal, sites, now }: CompareSources,
): Promise<LinkFigures> {
  const round = [source, target].map(({ site }) => sites.health(site).rttMs?.median ?? null)
  const minutes = await journal.history.rollups(linkId, now() - dayMs)
  return {
    held: await scanRecord(journal.scans, linkId).held(),
    comparesAcl: rule.fidelity.acl === 'carry',
    rttMs: round.includes(null) ? null : Math.max(...round.map((one) => one ?? 0)),
    bytesPerSecond: trafficOf(minutes, null).bandwidthBytesPerSecond?.value ?? null,
  }
}

function orderOf(link: Link, links: Links): LinkOrder {
  const order = links.order(link.linkId)
  if (order !== null) return order
  const message = 'The target could not be probed yet, so its versions cannot be told apart.'
  throw new FaultError(fault('SITE_OFFLINE', message, { site: link.target.site }))
}

function prefixOf({ rule }: Link, asked: string): string {
  const prefix = narrowerPrefix(rule.filter.prefix, asked)
  if (prefix !== null) return prefix
  throw new FaultError(
    fault(
      'CONFIG_INVALID',
      `No key of rule ${rule.id} starts with “${asked}”: its own prefix is “${rule.filter.prefix}”.`,
    ),
  )
}

/** Versions at the source that the opposite link brought there, and which of the target's own they are. */
async function cameHere({ opposite }: LinkOrder, key: string, versions: VersionStore): Promise<readonly VersionPair[]> {
  if (opposite === undefined) return []
  return (await versions.pairs(opposite.linkId, key)).map(({ sourceVersionId, targetVersionId }) => ({
    sourceVersionId: targetVersionId,
    targetVersionId: sourceVersionId,
    proof: 'found',
  }))
}

async function waiting(
  { linkId }: Link,
  key: string,
  leadsBack: boolean,
  tasks: Pick<TaskStore, 'waiting'>,
): ReturnType<CompareParts['pending']> {
  return (await tasks.waiting(linkId, key, tasksOfKey)).map((task) => ({ ...task, leadsBack }))
}

async function parkedCode(
  linkId: string,
  key: string,
  versionId: string | null,
  tasks: Pick<TaskStore, 'parked'>,
): Promise<string | null> {
  const found = (await tasks.parked(linkId, key)).find(
    (task) => versionId === null || task.versionId === null || task.versionId === versionId,
  )
  return found?.fault?.code ?? null
}

function heldBy({ rule, paused }: Link): string | null {
  if (!rule.enabled) return 'The rule is switched off.'
  return paused === null ? null : 'The rule is paused.'
}

/** By the journal's pairs and history of the links that write to the same bucket, or by the seal that one of them set. */
function ofAnotherRule(link: Link, { links, journal }: CompareSources): CompareParts['isOfAnotherRule'] {
  const others = links
    .list()
    .filter((other) => other.linkId !== link.linkId && bucketKey(other.target) === bucketKey(link.target))
  return async (key, versionId, head) => {
    for (const other of others) {
      const seal = links.order(other.linkId)?.seal ?? null
      if (head !== null && sealOf(head, { ...other, key }, head, seal) !== null) return true
      const pairs = await journal.versions.pairs(other.linkId, key)
      if (pairs.some(({ targetVersionId }) => targetVersionId === versionId)) return true
      if ((await journal.history.itemEvents(other.linkId, key, versionId)).length > 0) return true
    }
    return false
  }
}
