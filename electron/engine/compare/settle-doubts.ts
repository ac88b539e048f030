import type { DifferenceKind, LeftOut } from '../../../shared/model/compare.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import { isReplicaOf, markOf, sealOf } from '../replicate/marks/origin.ts'
import { matchesTags } from '../rule/match.ts'
import type { ObjectHead, VersionEntry } from '../store/port.ts'
import { areComparable } from './compare-pair.ts'
import { contentDetail, describe, type Doubt, type KeyToCompare } from './key-differences.ts'
import type { Findings, PairOfVersions } from './findings.ts'
import type { CompareParts } from './port.ts'

export interface SettledDoubts extends Findings {
  /** Versions at the target that turned out to be replicas of what the source deleted, which the rule does not repeat. */
  readonly excused: readonly string[]
}

/** Finds out what the listings of one key could not tell. What cannot be looked at stays not seen. */
export async function settleDoubts(
  view: KeyToCompare,
  doubts: readonly Doubt[],
  parts: CompareParts,
): Promise<SettledDoubts> {
  const settled = await Promise.all(doubts.map((doubt) => settleOne(view, doubt, parts)))
  return {
    differences: settled.flatMap(({ differences }) => differences),
    exceptions: settled.flatMap(({ exceptions }) => exceptions),
    notSeen: settled.flatMap(({ notSeen }) => notSeen),
    excused: settled.flatMap(({ excused }) => excused),
  }
}

const nothing: SettledDoubts = { differences: [], exceptions: [], notSeen: [], excused: [] }

async function settleOne(view: KeyToCompare, doubt: Doubt, parts: CompareParts): Promise<SettledDoubts> {
  try {
    if (doubt.about === 'etag') return await settleEtag(doubt.pair, parts)
    return doubt.about === 'missing'
      ? await settleMissing(doubt.entry, parts)
      : await settleExtra(view, doubt.entry, parts)
  } catch (error) {
    parts.signal.throwIfAborted()
    if (!(error instanceof FaultError)) throw error
    const { key, versionId } = doubt.about === 'etag' ? doubt.pair[0] : doubt.entry
    return { ...nothing, notSeen: [{ linkId: parts.link.linkId, key, versionId, fault: error.fault }] }
  }
}

/** A version that the target lacks: it may lack the tags that the rule asks for. */
async function settleMissing(entry: VersionEntry, parts: CompareParts): Promise<SettledDoubts> {
  const { link, source, signal } = parts
  const ref = { bucket: link.source.bucket, key: entry.key, versionId: entry.versionId }
  const tags = await source.getTags(ref, { signal })
  return matchesTags(link.rule.filter, tags)
    ? different('missing-at-target', entry, describe(entry), parts)
    : { ...nothing, exceptions: [{ kind: 'other-tags', key: entry.key, versionId: entry.versionId }] }
}

/** A version at the target that the source has not got, nor the journal: only a replica that proves itself is meant to be there. */
async function settleExtra({ source }: KeyToCompare, entry: VersionEntry, parts: CompareParts): Promise<SettledDoubts> {
  const { link, target, signal } = parts
  const head = await target.head({ bucket: link.target.bucket, key: entry.key, versionId: entry.versionId }, { signal })
  if (head === null) throw notGiven(link.target)
  if (await parts.isOfAnotherRule(entry.key, entry.versionId, head)) return excused('of-another-rule', entry)
  const isLeft = !link.rule.versionDeletes && isProved(head, entry, parts) && !isOfOneThatStands(head, source)
  return isLeft ? excused('deletes-not-carried', entry) : different('extra-at-target', entry, describe(entry), parts)
}

const excused = (kind: LeftOut, { key, versionId }: VersionEntry): SettledDoubts => ({
  ...nothing,
  exceptions: [{ kind, key, versionId }],
  excused: [versionId],
})

function isProved(head: ObjectHead, { key, versionId }: VersionEntry, { link }: CompareParts): boolean {
  if (link.identity !== 'mints' && isReplicaOf(head, versionId)) return true
  return sealOf(head, { ...link, key }, head, link.seal ?? null) !== null
}

/** A second replica of a version that the source still has is one too many. */
const isOfOneThatStands = (head: ObjectHead, source: readonly VersionEntry[]): boolean =>
  source.some(({ versionId }) => versionId === markOf(head)?.versionId)

/** ETags of the form of an MD5: they are one only where the site did not encrypt with keys. */
async function settleEtag(pair: PairOfVersions, parts: CompareParts): Promise<SettledDoubts> {
  const { link, source, target, signal } = parts
  const [here, there] = pair
  const [a, b] = await Promise.all([
    source.head({ bucket: link.source.bucket, key: here.key, versionId: here.versionId }, { signal }),
    target.head({ bucket: link.target.bucket, key: there.key, versionId: there.versionId }, { signal }),
  ])
  if (a === null || b === null) throw notGiven(a === null ? link.source : link.target)
  return areComparable(pair, [a, b])
    ? different('content', here, contentDetail(pair), parts)
    : { ...nothing, exceptions: [{ kind: 'etag-not-comparable', key: here.key, versionId: here.versionId }] }
}

const notGiven = ({ site }: { readonly site: string }): FaultError =>
  new FaultError(fault('ABSENCE_UNPROVEN', `Site ${site} lists this version and does not give it.`, { site }))

const different = (
  kind: DifferenceKind,
  { key, versionId }: VersionEntry,
  detail: string,
  { link }: CompareParts,
): SettledDoubts => ({ ...nothing, differences: [{ linkId: link.linkId, kind, key, versionId, detail }] })
