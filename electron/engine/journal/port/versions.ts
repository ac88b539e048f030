/** A pair of versions known to be the same: written when the target minted an id of its own, or made a marker. */
export interface VersionPair {
  readonly sourceVersionId: string
  readonly targetVersionId: string
  /**
   * Absent: we wrote the version of the target. `found`: it was there, and is alike. `untold`: a journal of an older release
   * does not say which.
   */
  readonly proof?: 'found' | 'untold'
  /**
   * The attempt that the seal of the target's version names, while it matters: another attempt may land the same version still. Absent:
   * not known.
   */
  readonly writtenBy?: string
}

/**
 * Port: which version of the target stands for which of the source, link by link. Pairs are learned and forgotten with the
 * settlement of a task (`TaskStore.settle`), in one step with it, and go with their link. Keys compare by their UTF-8 bytes.
 */
export interface VersionStore {
  /** In no order; none for a link or a key that is not known. */
  pairs(linkId: string, key: string): Promise<readonly VersionPair[]>
  /** All pairs of the keys from `fromKey` to `toKey`, both included, by key: for the merge scan. */
  pairsBetween(linkId: string, fromKey: string, toKey: string): Promise<ReadonlyMap<string, readonly VersionPair[]>>
}
