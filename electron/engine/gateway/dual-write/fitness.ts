import { metadataPrefix } from '../../s3/header-names.ts'
import type { LinkOrder } from '../../replicate/port.ts'
import { neededTargets } from '../../../../shared/model/quorum.ts'
import { presigned, type CallHeaders } from '../protocol/read-call.ts'
import type { Query } from '../../s3/query.ts'
import type { RuleLink } from '../../rule/link.ts'

/** AWS counts names and values of all user metadata against 2 KiB; the stamp wants its share. */
const ownMetadataLimitBytes = 2048 - 400

/** What a client may ask of a write for the target to be asked the same at the same time. Everything else waits for the source. */
const understood = new Set(
  (
    'x-amz-acl x-amz-content-sha256 x-amz-date x-amz-decoded-content-length x-amz-sdk-checksum-algorithm x-amz-security-token ' +
    'x-amz-tagging x-amz-trailer x-amz-user-agent'
  ).split(' '),
)

/**
 * A write that may be refused for what the source alone knows (conditions), or whose copy is not what the client sent
 * (encryption, locks, classes), goes to the source first. So does one without a content type: each site has its own default. Pure.
 */
export function mayDualWrite(headers: CallHeaders, query: Query): boolean {
  if (headers['content-type'] === undefined) return false
  if (!query.pairs.every(([name]) => name === 'x-id' || presigned.has(name))) return false
  let metadataBytes = 0
  for (const name in headers) {
    if (name.startsWith('if-')) return false
    if (!name.startsWith('x-amz-')) continue
    if (name.startsWith(metadataPrefix))
      metadataBytes += name.length - metadataPrefix.length + String(headers[name]).length
    else if (!understood.has(name) && !name.startsWith('x-amz-checksum-')) return false
    if (name.startsWith('x-amz-meta-lockstep-')) return false
  }
  return metadataBytes <= ownMetadataLimitBytes
}

/** What is known of the two buckets of a link at this moment. */
export interface TargetFacts {
  /** null while it is not known. */
  readonly order: Pick<LinkOrder, 'identity'> | null
  readonly source: { readonly versioned: boolean; readonly objectLock: boolean } | null
  readonly online: boolean
  /** null where it was not measured. */
  readonly rttMs: number | null
}

/**
 * A target that mints its own ids can take a version before the source has given it one. A tag filter, a bandwidth limit,
 * ACLs and locks want the source's answer, or the engine's own pace. Pure.
 */
export function suits({ rule }: RuleLink, { order, source, online }: TargetFacts): boolean {
  if (!online || order?.identity !== 'mints' || source?.versioned !== true) return false
  if (source.objectLock && rule.objectLock === 'replicate') return false
  if (rule.fidelity.acl === 'carry') return false
  return Object.keys(rule.filter.tags).length === 0 && rule.bandwidth.bytesPerSecond === null
}

/** Of a rule's targets the nearest that its policy needs; the rest get the version from the queue. Pure. */
export function chosen<T extends { readonly link: RuleLink; readonly facts: TargetFacts }>(
  candidates: readonly T[],
): readonly T[] {
  const byRule = Map.groupBy(candidates, ({ link }) => link.ruleId)
  return [...byRule.values()].flatMap((some) => {
    const { rule } = some[0]!.link
    return some
      .toSorted((a, b) => (a.facts.rttMs ?? Infinity) - (b.facts.rttMs ?? Infinity))
      .slice(0, neededTargets(rule.ack.policy, rule.targets.length))
      .filter(({ link, facts }) => suits(link, facts))
  })
}
