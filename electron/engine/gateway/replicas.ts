import { quorumOf } from '../../../shared/model/quorum.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { once } from '../base/once.ts'
import type { ReadsAtOnce } from '../journal/port/tasks.ts'
import type { Intake } from '../intake/port.ts'
import { bucketKey, type RuleLink } from '../rule/link.ts'

/** The bucket of a target, and how versions of one key are called on both sides. */
export interface Replica {
  readonly link: RuleLink
  /** The target's id of a version of the source; null when it is not known there. */
  readonly toTarget: (versionId: string) => string | null
  /** The source's id of a version of the target; null when it is not known here. */
  readonly toSource: (versionId: string) => string | null
}

/** A target as one of the copies of a key. */
export interface Copy extends Replica {
  /** Nothing of the key is pending or parked: it has all that was acknowledged to a client. */
  readonly isSettled: boolean
  /** The rule that copies the other way; null where there is none. */
  readonly wayBack: RuleLink | null
  /** A permanent delete of the version is on its way there. */
  readonly isLeaving: (versionId: string) => boolean
  /** The version was brought there from the source. */
  readonly isReplica: (versionId: string) => boolean
}

/** The copies of a key that is read by quorum. */
export interface Copies {
  readonly rule: Rule
  /** How many of how many must say what is newest there; the source is one of them. */
  readonly needed: number
  readonly count: number
  /** Those that may answer: first those that have everything, of these the nearest first. */
  readonly targets: readonly Copy[]
}

export interface ReplicasOptions {
  readonly atOnce: Pick<ReadsAtOnce, 'pairs' | 'anyTask' | 'unsettled' | 'isParked'>
  readonly intake: Pick<Intake, 'linksFor'>
  readonly isOnline: (siteId: string) => boolean
  /** null while it is not known. */
  readonly rttMs: (siteId: string) => number | null
  /** The target keeps the source's version ids; null while nobody knows. */
  readonly adopts: (link: RuleLink) => boolean | null
}

/** Tasks of one key that are looked through for one version. */
const lookedThrough = 1000

/** Where a key may be read besides its source. */
export class Replicas {
  readonly #options: ReplicasOptions

  constructor(options: ReplicasOptions) {
    this.#options = options
  }

  isOnline(siteId: string): boolean {
    return this.#options.isOnline(siteId)
  }

  /** Something of the key is on its way to the link's target, or parked. */
  isPending(link: RuleLink, key: string): boolean {
    return this.#options.atOnce.anyTask(link.linkId, key)
  }

  /**
   * The targets at which nothing of the key is pending or parked, so that what is read there is never older than what was
   * acknowledged to a client. A rule with a tag filter may leave a version out that replaces another: its targets are not asked.
   */
  of(siteId: string, bucket: string, key: string): readonly Replica[] {
    return this.#linksFor(siteId, bucket, key)
      .filter(({ rule }) => rule.deleteMarkers && Object.keys(rule.filter.tags).length === 0)
      .filter((link) => this.isOnline(link.target.site) && !this.isPending(link, key))
      .flatMap((link) => this.#copy(link, key))
  }

  /** The copies of a key that a rule wants read by quorum; null when none does. Of several such rules any one is enough. */
  copies(siteId: string, bucket: string, key: string): Copies | null {
    const links = this.#linksFor(siteId, bucket, key)
    const rule = links.find(({ rule }) => rule.ack.reads === 'quorum')?.rule
    if (rule === undefined) return null
    const { copies, read } = quorumOf(rule.ack.policy, rule.targets.length)
    const targets = links
      .filter((link) => link.ruleId === rule.id && this.isOnline(link.target.site))
      .flatMap((link) => this.#copy(link, key))
    const rttMs = ({ link }: Copy): number => this.#options.rttMs(link.target.site) ?? Number.MAX_VALUE
    const bestFirst = targets.toSorted((a, b) => Number(b.isSettled) - Number(a.isSettled) || rttMs(a) - rttMs(b))
    return { rule, needed: read, count: copies, targets: bestFirst }
  }

  /**
   * The targets that have a version which the source has not: one that was written there and waits to be copied here, under
   * its id there; and where copies are read by quorum, one that the source has lost.
   */
  holdersOf(siteId: string, bucket: string, key: string, versionId: string): readonly Replica[] {
    const waiting = this.#linksFor(siteId, bucket, key)
      .filter(({ target }) => this.isOnline(target.site))
      .filter((link) => this.#waitsToComeBack(link, key, versionId))
      .map((link) => ({ link, toTarget: itself, toSource: itself }))
    const copies = this.copies(siteId, bucket, key)?.targets.filter(({ isSettled }) => isSettled) ?? []
    return [...waiting, ...copies]
  }

  #waitsToComeBack(link: RuleLink, key: string, versionId: string): boolean {
    const { atOnce } = this.#options
    const back = this.#wayBack(link, key)
    if (back === null) return false
    return (
      atOnce.unsettled(back.linkId, key, lookedThrough).some((task) => task.versionId === versionId) ||
      atOnce.isParked(back.linkId, key, versionId)
    )
  }

  #purges({ linkId }: RuleLink, key: string): ReadonlySet<string | null> {
    const tasks = this.#options.atOnce.unsettled(linkId, key, lookedThrough)
    return new Set(tasks.filter(({ operation }) => operation === 'deleteVersion').map(({ versionId }) => versionId))
  }

  #linksFor(siteId: string, bucket: string, key: string): readonly RuleLink[] {
    return this.#options.intake.linksFor({ siteId, bucket, key, operation: 'put' })
  }

  #wayBack({ source, target }: RuleLink, key: string): RuleLink | null {
    const back = this.#linksFor(target.site, target.bucket, key)
    return back.find((link) => bucketKey(link.target) === bucketKey(source)) ?? null
  }

  #copy(link: RuleLink, key: string): readonly Copy[] {
    const adopts = this.#options.adopts(link)
    if (adopts === null) return []
    const { atOnce } = this.#options
    const wayBack = this.#wayBack(link, key)
    // Read when it is needed: most reads are answered by the source alone.
    const sent = once(() => atOnce.pairs(link.linkId, key))
    // What came from there is paired by the rule that brought it.
    const came = once(() => (wayBack === null ? [] : atOnce.pairs(wayBack.linkId, key)))
    const kept = (versionId: string): string | null => (adopts ? versionId : null)
    const toSource = (versionId: string): string | null =>
      sent().find((pair) => pair.targetVersionId === versionId)?.sourceVersionId ??
      came().find((pair) => pair.sourceVersionId === versionId)?.targetVersionId ??
      kept(versionId)
    const leaving = once(() => this.#purges(link, key))
    return [
      {
        link,
        wayBack,
        toSource,
        isSettled: !this.isPending(link, key),
        isLeaving: (versionId) => leaving().has(toSource(versionId) ?? ''),
        isReplica: (versionId) => sent().some((pair) => pair.targetVersionId === versionId),
        toTarget: (versionId) =>
          sent().find((pair) => pair.sourceVersionId === versionId)?.targetVersionId ??
          came().find((pair) => pair.targetVersionId === versionId)?.sourceVersionId ??
          kept(versionId),
      },
    ]
  }
}

const itself = (versionId: string): string => versionId
