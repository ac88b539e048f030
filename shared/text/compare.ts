import {
  listsAll,
  type CompareLevel,
  type CompareReport,
  type CompareVerdict,
  type DifferenceKind,
  type ExceptionKind,
  type LeftOut,
} from '../model/compare.ts'
import { fidelityProperties, type FidelityProperty } from '../model/fidelity.ts'

interface LevelText {
  readonly name: string
  /** How something was found, or seen equal. */
  readonly by: string
  /** What was seen, after “Equal”. */
  readonly seen: string
  /** What was not looked at, as a sentence. */
  readonly unseen: string
}

/** The words of each level, the same for the engine, the command line and the console. */
export const levelText: Readonly<Record<CompareLevel, LevelText>> = {
  listing: {
    name: 'By listing',
    by: 'by listing',
    seen: 'by listing (keys, versions, order, sizes, delete markers, and ETags where both sides make them alike)',
    unseen: 'Headers, metadata, tags, locks, encryption and bytes were not looked at.',
  },
  attributes: {
    name: 'By attributes',
    by: 'by attributes',
    seen: 'by attributes (all that a listing shows, and headers, metadata, tags, retention, holds, encryption, checksums, and access lists where the rule carries them)',
    unseen: 'Bytes were not looked at, nor access lists that the rule leaves at the source.',
  },
  bytes: {
    name: 'By bytes',
    by: 'by bytes',
    seen: 'by bytes (all attributes, and every byte read on both sides and held against each other by SHA-256)',
    unseen: 'Access lists that the rule leaves at the source were not looked at.',
  },
}

const verdictText: Readonly<Record<CompareVerdict, string>> = {
  equal: 'Equal',
  different: 'Different',
  'on-its-way': 'On its way',
  unknown: 'Could not tell',
}

/** *Equal* alone is for listings that show all. */
export const verdictName = (report: Pick<CompareReport, 'verdict' | 'unchecked' | 'nestedUnseen'>): string =>
  report.verdict === 'equal' && !listsAll(report) ? 'Equal in what is listed' : verdictText[report.verdict]

export const differenceText: Readonly<Record<DifferenceKind, string>> = {
  'missing-at-target': 'Missing at the target',
  'extra-at-target': 'Only at the target',
  order: 'Order of versions',
  'not-latest': 'Not the latest',
  content: 'Size or ETag',
  metadata: 'Metadata',
  tags: 'Tags',
  lock: 'Retention or hold',
  acl: 'Access list',
  encryption: 'Encryption',
  checksum: 'Checksum',
  'storage-class': 'Storage class',
  bytes: 'Bytes',
}

/** What each exception means, and why it is none of the differences. */
const leftOutText: Readonly<Record<LeftOut, string>> = {
  'outside-filter': 'Keys that the rule’s filter leaves out',
  canary: 'Keys that Lockstep itself wrote to try what the site does; they may be deleted',
  'other-tags': 'Versions without the tags that the rule asks for',
  'before-rule': 'Versions older than the rule, which does not copy existing objects',
  'markers-not-carried': 'Delete markers, which the rule does not copy',
  'markers-of-deletes': 'Delete markers for what was deleted at a source that keeps no versions, and so shows none',
  'deletes-not-carried': 'Copies of versions that were deleted for good at the source; the rule does not repeat that',
  'changes-not-carried': 'Tags, locks or grants changed after the copy; the rule does not keep them in step',
  'of-another-rule': 'Versions that another rule brought to the same target',
  'etag-not-comparable': 'ETags that the two sides make in different ways (parts or encryption)',
}

export const exceptionText = (kind: ExceptionKind): string =>
  kind in leftOutText
    ? leftOutText[kind as LeftOut]
    : `${fidelityProperties[kind as FidelityProperty]}: not as at the source, as the rule’s fidelity says`
