import type { Journal } from './port/journal.ts'
import { Remembered } from './remembered.ts'

/** What the parts of the engine have to know in the midst of a turn, read at the start: small, and bounded by rules and links. */
export interface KeptBooks {
  /** By link: when its first copy ended. */
  readonly firstCopies: Remembered
  /** By link: how far its slow pass has come. */
  readonly attributes: Remembered
  /** By link: the keys that are apart. */
  readonly apart: Remembered
  /** By link: what its brake counted. */
  readonly brakes: Remembered
  /** By link: what its buckets were when they were last asked for. */
  readonly buckets: Remembered
  /** By a rule's way to a target: why it waits for a look over the target, or for an answer. */
  readonly guards: Remembered
  /** By a rule's way to a target: the operator's answer. */
  readonly covers: Remembered
  /** By target: who ever wrote there. */
  readonly sources: Remembered
}

export async function openKeptBooks({ scans, records }: Pick<Journal, 'scans' | 'records'>): Promise<KeptBooks> {
  return {
    firstCopies: await Remembered.ofScans(scans, 'first-copy'),
    attributes: await Remembered.ofScans(scans, 'attributes'),
    apart: await Remembered.ofScans(scans, 'apart'),
    brakes: await Remembered.ofRecords(records, 'brake/'),
    buckets: await Remembered.ofRecords(records, 'buckets/'),
    guards: await Remembered.ofRecords(records, 'target-look/'),
    covers: await Remembered.ofRecords(records, 'target-cover/'),
    sources: await Remembered.ofRecords(records, 'sources-of/'),
  }
}

/** Those that a forgotten link takes with it. */
export const ofLink = ({ firstCopies, attributes, apart, brakes, buckets }: KeptBooks): readonly Remembered[] => [
  firstCopies,
  attributes,
  apart,
  brakes,
  buckets,
]
