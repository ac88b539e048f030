import type { BucketAt } from '../../../../shared/model/rule.ts'

/** One end of a link: a bucket at the server that its site was when the link was opened. */
export interface LinkEnd extends BucketAt {
  readonly endpoint: string
}

/**
 * What a link is. Its tasks, pairs, history and scans belong to exactly this source and this target: another source, or
 * another server under the same name, is another link.
 */
export interface LinkIdentity {
  readonly linkId: string
  readonly ruleId: string
  readonly source: LinkEnd
  readonly target: LinkEnd
  /** From 1; counts the links that the rule had to this target. */
  readonly generation: number
  /** Epoch ms; 0 for links of earlier releases. */
  readonly openedAt: number
}

/**
 * Port: what operators decided and the engine has to remember besides its work: rules, sites, settings, client keys, brakes,
 * answers, as small values by name; and the links. Values are what JSON can hold, and may be of an older release: the reader
 * parses. Writes take effect in the order of their calls; a promise resolves when its write is on disk, and rejects with the
 * journal's fault.
 */
export interface RecordStore {
  /** null where there is none. */
  read(name: string): Promise<unknown>
  /** Those whose names begin with the prefix, by whole name, in the order of the names' UTF-8 bytes. */
  all(prefix: string): Promise<ReadonlyMap<string, unknown>>
  write(name: string, value: unknown): Promise<void>
  erase(name: string): Promise<void>
  /** Every link on record, by id; null where nobody said what it is. */
  links(): Promise<ReadonlyMap<string, LinkIdentity | null>>
  openLink(identity: LinkIdentity): Promise<void>
  /**
   * The link is gone when it resolves, and with it, in one step, whatever any port of the journal keeps of it; the room is
   * given back later. The id may be used again, and begins with an empty past.
   */
  forgetLink(linkId: string): Promise<void>
}
