import { createHash } from 'node:crypto'
import type { Difference, DifferenceKind } from '../../../shared/model/job.ts'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import { sameLock, sameTags } from '../replicate/metadata.ts'
import { withoutOrigin } from '../replicate/origin.ts'
import type { ObjectHead, ObjectStore } from '../store/port.ts'
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
  if (link.rule.objectLock === 'replicate' && a.lock !== null && !sameLock(a.lock, b.lock) && stillHolds(a, parts)) {
    add('lock', `${JSON.stringify(a.lock)} at the source, ${JSON.stringify(b.lock)} at the target.`)
  }
  if (a.etag !== b.etag && (await digest(source, from, signal)) !== (await digest(target, to, signal))) {
    add('content', 'The bytes are not the same (SHA-256).')
  }
  return found
}

const stillHolds = (head: ObjectHead, { now }: CompareParts): boolean =>
  head.lock !== null &&
  (head.lock.legalHold || (head.lock.retainUntil !== null && Date.parse(head.lock.retainUntil) > now()))

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

async function digest(store: ObjectStore, ref: ObjectRef, signal: AbortSignal): Promise<string | null> {
  const opened = await store.get(ref, { signal })
  if (opened === null) return null
  const hash = createHash('sha256')
  for await (const chunk of opened.body as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest('hex')
}
