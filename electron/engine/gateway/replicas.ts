import type { Journal } from '../journal/port.ts'
import type { PlacingIntake } from '../feed/port.ts'
import type { RuleLink } from '../rule/link.ts'

/** A bucket of another site that has all that was acknowledged of one key. */
export interface Replica {
  readonly link: RuleLink
  /** The target's id of a version of the source; null when it is not known there. */
  readonly toTarget: (versionId: string) => string | null
  /** The source's id of a version of the target; null when it is not known here. */
  readonly toSource: (versionId: string) => string | null
}

export interface ReplicasOptions {
  readonly journal: Pick<Journal, 'pairs' | 'anyTask'>
  readonly intake: Pick<PlacingIntake, 'linksFor'>
  readonly isOnline: (siteId: string) => boolean
  /** The target keeps the source's version ids; null while nobody knows. */
  readonly adopts: (link: RuleLink) => boolean | null
}

/** Where a key may be read while its source is away. */
export class Replicas {
  readonly #options: ReplicasOptions

  constructor(options: ReplicasOptions) {
    this.#options = options
  }

  isOnline(siteId: string): boolean {
    return this.#options.isOnline(siteId)
  }

  /**
   * The targets at which nothing of the key is pending or parked, so that what is read there is never older than what was
   * acknowledged to a client. A rule with a tag filter may leave a version out that replaces another: its targets are not asked.
   */
  of(siteId: string, bucket: string, key: string): readonly Replica[] {
    const { intake, journal, isOnline } = this.#options
    return intake
      .linksFor({ siteId, bucket, key, operation: 'put' })
      .filter(({ rule }) => rule.deleteMarkers && Object.keys(rule.filter.tags).length === 0)
      .filter(({ linkId, target }) => isOnline(target.site) && !journal.anyTask(linkId, key))
      .flatMap((link) => this.#replica(link, key))
  }

  #replica(link: RuleLink, key: string): readonly Replica[] {
    const adopts = this.#options.adopts(link)
    if (adopts === null) return []
    const pairs = this.#options.journal.pairs(link.linkId, key)
    const kept = (versionId: string): string | null => (adopts ? versionId : null)
    return [
      {
        link,
        toTarget: (versionId) =>
          pairs.find((pair) => pair.sourceVersionId === versionId)?.targetVersionId ?? kept(versionId),
        toSource: (versionId) =>
          pairs.find((pair) => pair.targetVersionId === versionId)?.sourceVersionId ?? kept(versionId),
      },
    ]
  }
}
