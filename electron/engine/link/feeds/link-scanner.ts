import type { BucketAt, Rule } from '../../../../shared/model/rule.ts'
import type { Capabilities, SiteHealth } from '../../../../shared/model/site.ts'
import type { Clock } from '../../base/clock.ts'
import type { Brakes } from '../../brake/brakes.ts'
import type { ScanStore } from '../../journal/port/scans.ts'
import type { NewTask, ReadsAtOnce } from '../../journal/port/tasks.ts'
import type { VersionStore } from '../../journal/port/versions.ts'
import { restoresOrder } from '../../replicate/versions/restores-order.ts'
import type { LinkOrder } from '../../replicate/port.ts'
import type { ReplicaProof, Scanner, ScannerOptions, ScanWatch } from '../../scan/port.ts'
import { createScanner } from '../../scan/scanner.ts'
import type { ListRequest, ObjectStore, VersionPage } from '../../store/port.ts'
import { tellsOfTags } from './change-streams.ts'
import type { LinkBook } from '../link-book.ts'
import type { Link } from '../link.ts'
import { leadsBack } from '../neighbours.ts'
import { replicaProof } from './replica-proof.ts'
import { scanRecord } from './scan-record.ts'

export interface LinkScannerParts {
  readonly links: () => readonly Link[]
  readonly atOnce: Pick<ReadsAtOnce, 'totals' | 'isParked'>
  readonly versions: VersionStore
  readonly scans: ScanStore
  readonly brakes: Pick<Brakes, 'scanned'>
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly order: (linkId: string) => LinkOrder | null
  readonly isShared: LinkBook['isShared']
  /** With the keys of clients that the rule names. */
  readonly store: (siteId: string, rule: Rule) => ObjectStore
  readonly watch: (link: Link) => ScanWatch
  readonly capabilities: (siteId: string) => Capabilities | null
  readonly health: (siteId: string) => SiteHealth
  readonly clock: Clock
}

/** What scans of a link tell of it. */
export interface ScanEvents {
  readonly offer: (tasks: readonly NewTask[], startedAt: number) => Promise<void>
  /** Versions were passed over, because it is not known yet whose version ids the target keeps. */
  readonly passedOver: () => void
  /** Listings of several pages that could not be held against ListObjectsV2. */
  readonly onUnchecked: (unchecked: readonly BucketAt[]) => void
}

/** The scanner of one link, over what the journal and the sites know of it. */
export function linkScanner(
  link: Link,
  parts: LinkScannerParts,
  { offer, passedOver, onUnchecked }: ScanEvents,
): Scanner {
  const { atOnce, versions, list, clock, health, watch } = parts
  const { linkId, source, target } = link
  return createScanner({
    link: { ...link, ruleStartedAt: link.beginsAt },
    list,
    ...targetFacts(link, parts),
    watch: watch(link),
    replicas: replicas(link, parts, passedOver),
    pairsBetween: (from, to) => versions.pairsBetween(linkId, from, to),
    enqueue: offer,
    backlogCount: () => atOnce.totals(linkId).backlogCount,
    isParked: (key, versionId, operation) => atOnce.isParked(linkId, key, versionId, operation),
    tellsOfTags: () => tellsOfTags(parts.capabilities(source.site)),
    ...recordsOf(link, parts),
    onUnchecked,
    clock,
    skewMs: () => Math.abs((health(source.site).clockSkewMs ?? 0) - (health(target.site).clockSkewMs ?? 0)),
  })
}

function targetFacts(
  link: Link,
  { links, order }: LinkScannerParts,
): Pick<ScannerOptions, 'restoresOrder' | 'coversBefore' | 'twoWay'> {
  return {
    restoresOrder: () => {
      const known = order(link.linkId)
      return known !== null && restoresOrder(known)
    },
    coversBefore: () => {
      const known = order(link.linkId)
      return known?.identity === 'mints' ? (known.coversBefore ?? 0) : 0
    },
    // By the links themselves: a scan may begin before the target is probed, and would take the copy's tags for changed ones.
    twoWay: () => links().some((other) => leadsBack(other, link)),
  }
}

function replicas(
  link: Link,
  { links, isShared, order, store }: LinkScannerParts,
  passedOver: () => void,
): ReplicaProof {
  return replicaProof({
    link,
    links,
    isShared: () => isShared(link.identity),
    order,
    store: (siteId) => store(siteId, link.rule),
    passedOver,
  })
}

/** What is kept of the link's scans, and what they count. */
function recordsOf(
  { linkId, rule }: Link,
  { scans, brakes }: LinkScannerParts,
): Pick<ScannerOptions, 'checkpoint' | 'doubt' | 'lastScan' | 'onScanned'> {
  const record = scanRecord(scans, linkId)
  return {
    checkpoint: {
      read: () => scans.read(linkId, 'checkpoint'),
      write: (value) => scans.write(linkId, 'checkpoint', value),
    },
    doubt: {
      read: async () => (await scans.read(linkId, 'doubted')) === true,
      write: (isDoubted) => scans.write(linkId, 'doubted', isDoubted),
    },
    lastScan: {
      read: () => record.startedAt(),
      write: (startedAt) => record.start(startedAt),
    },
    onScanned: (held, startedAt) => {
      const { live, versions } = held
      brakes.scanned(rule, linkId, { live, versions }, startedAt)
      // A count for estimates: a journal that does not take it says so at the next task.
      record.hold(held, startedAt).catch(() => undefined)
    },
  }
}
