import type { Difference, DifferenceKind } from '../../../shared/model/job.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import { digestOf } from '../replicate/digest.ts'
import { sameLock, sameTags, unlocked } from '../replicate/metadata.ts'
import { withoutOrigin } from '../replicate/origin.ts'
import type { Lock, ObjectHead } from '../store/port.ts'
import type { CompareParts, PairOfVersions } from './compare-link.ts'

/** The deep look at one pair: headers, user metadata, tags, locks, and the bytes where the ETags cannot tell. */
export async function compareVersions(
  [here, there]: PairOfVersions,
  parts: CompareParts,
): Promise<readonly Difference[]> {
  const { link, source, target, signal } = parts
  const from: ObjectRef = { bucket: link.source.bucket, key: here.key, versionId: here.versionId }
  const to: ObjectRef = { bucket: link.target.bucket, key: there.key, versionId: there.versionId }
  const [a, b] = await Promise.all([source.head(from, { signal }), target.head(to, { signal })])
  const found: Difference[] = []
  const add = (kind: DifferenceKind, detail: string): void => {
    found.push({ kind, key: here.key, versionId: here.versionId, detail })
  }
  // Gone from both listings' sight meanwhile: the next comparison tells.
  if (a === null || b === null) return found
  for (const detail of headerDifferences(a, b)) add('metadata', detail)
  if (a.tagCount + b.tagCount > 0) {
    const [tags, replicaTags] = await Promise.all([source.getTags(from, { signal }), target.getTags(to, { signal })])
    if (!sameTags(tags, replicaTags))
      add('tags', `${JSON.stringify(tags)} at the source, ${JSON.stringify(replicaTags)} at the target.`)
  }
  if (link.rule.objectLock === 'replicate' && (a.lock !== null || b.lock !== null)) {
    // HEAD is silent about a lock that the key may not read: none at one side alone is asked for itself.
    const lock = a.lock ?? (await source.getLock(from, { signal }))
    const replicaLock = b.lock ?? (await target.getLock(to, { signal }))
    if (!sameLock(lock ?? unlocked, replicaLock) && (holds(lock, parts) || holds(replicaLock, parts)))
      add('lock', `${describeLock(lock)} at the source, ${describeLock(replicaLock)} at the target.`)
  }
  if (a.etag !== b.etag && (await digestOf(source, from, signal)) !== (await digestOf(target, to, signal))) {
    add('content', 'The bytes are not the same (SHA-256).')
  }
  return found
}

/** A retention that has run out protects nothing, and is no difference. */
const holds = (lock: Lock | null, { now }: CompareParts): boolean =>
  lock !== null && (lock.legalHold || (lock.retainUntil !== null && Date.parse(lock.retainUntil) > now()))

function describeLock(lock: Lock | null): string {
  const { mode, retainUntil, legalHold } = lock ?? unlocked
  const parts = [mode === null ? '' : `${mode} until ${retainUntil}`, legalHold ? 'legal hold' : '']
  return parts.filter((part) => part !== '').join(' and ') || 'no lock'
}

function headerDifferences(a: ObjectHead, b: ObjectHead): readonly string[] {
  const named = (head: ObjectHead): Record<string, string | undefined> => ({
    ...head.content,
    ...prefixed(withoutOrigin(head.metadata)),
  })
  const here = named(a)
  const there = named(b)
  return [...new Set([...Object.keys(here), ...Object.keys(there)])]
    .filter((name) => here[name] !== there[name])
    .map((name) => `${name}: ${here[name] ?? 'not set'} at the source, ${there[name] ?? 'not set'} at the target.`)
}

const prefixed = (metadata: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]))
