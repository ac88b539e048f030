/**
 * What a look at a link leaves behind, so that a restart goes on from there:
 * - `checkpoint`: where a whole scan that was cut short goes on;
 * - `started`: when the last whole scan began;
 * - `held`: what the source held under the rule, as that scan counted;
 * - `doubted`: a scan met nothing of what was copied, and nobody said that this is right;
 * - `first-copy`: when all that the first scan found was settled or set aside;
 * - `attributes`: how far the slow pass over tags and locks has come;
 * - `apart`: the keys whose two sides do not show the same.
 */
export const scanMarks = ['checkpoint', 'started', 'held', 'doubted', 'first-copy', 'attributes', 'apart'] as const
export type ScanMark = (typeof scanMarks)[number]

/**
 * Port: marks of scans, one value of each kind per link; they go with their link (`Records.forgetLink`). Values are what JSON
 * can hold, and may be of an older release: the reader parses. Writes take effect in the order of their calls; a promise
 * resolves when its write is on disk, and rejects with the journal's fault.
 */
export interface ScanStore {
  /** null where there is none. */
  read(linkId: string, mark: ScanMark): Promise<unknown>
  /** By link; those that have none are left out. */
  all(mark: ScanMark): Promise<ReadonlyMap<string, unknown>>
  write(linkId: string, mark: ScanMark, value: unknown): Promise<void>
  erase(linkId: string, mark: ScanMark): Promise<void>
}
