import { isRecognisable, looksRandom, sampleBytes } from '../../content/looks-random.ts'
import type { ObjectStore, VersionEntry } from '../../store/port.ts'
import { gathered } from '../../s3/pumped.ts'
import type { Outcome, SettledOutcome } from '../port.ts'
import type { ReplicationContext } from '../context.ts'

/** So far down a key's history at most the content before is looked for. */
const looked = 10

/**
 * Was recognisable content put out of use by what looks random? Asked after the copy of a new version, whose first bytes
 * have passed by: only such as look random cost a request.
 */
export async function detectInCopy(outcome: Outcome, context: ReplicationContext): Promise<Outcome> {
  const { judge, versionId } = context.order
  if (judge === undefined || context.sample === undefined) return outcome
  if (outcome.kind !== 'settled' || outcome.did !== 'copied') return outcome
  const before = judge.before.filter((key) => key !== context.order.key || overwrites(outcome, context))
  if (before.length === 0) return outcome
  const now = context.sample.bytes
  if (!looksRandom(now)) return { ...outcome, judged: 'harmless' }
  const replicaId = outcome.learned.find((pair) => pair.sourceVersionId === versionId)?.targetVersionId ?? versionId
  for (const key of before) {
    const content = await contentBefore(context.target, context.link.target.bucket, key, replicaId, context.signal)
    if (content !== null) return { ...outcome, judged: isRecognisable(content) ? 'suspicious' : 'harmless' }
  }
  return { ...outcome, judged: 'harmless' }
}

/** A task of a version known to be absent has not looked, and was only chosen because a scan had. */
const overwrites = (outcome: SettledOutcome, { order }: ReplicationContext): boolean =>
  order.knownAbsent || outcome.overwrote === true

/** The same of a key that is deleted while another has come in its place. To be asked while its content is still there. */
export async function detectInDelete({
  order,
  link,
  source,
  target,
  signal,
}: ReplicationContext): Promise<'suspicious' | 'harmless'> {
  const after = order.judge?.after
  if (after === undefined) return 'harmless'
  const now = await contentBefore(source, link.source.bucket, after, null, signal)
  if (now === null || !looksRandom(now)) return 'harmless'
  const before = await contentBefore(target, link.target.bucket, order.key, null, signal)
  return before !== null && isRecognisable(before) ? 'suspicious' : 'harmless'
}

/** The first bytes of the newest content of a key below a version; null where there is none, or it cannot be read. */
async function contentBefore(
  store: ObjectStore,
  bucket: string,
  key: string,
  below: string | null,
  signal: AbortSignal,
): Promise<Buffer | null> {
  try {
    const { entries } = await store.listVersions({ bucket, prefix: key, limit: looked }, { signal })
    const newest = older(
      entries.filter((entry) => entry.key === key),
      below,
    ).find(({ deleteMarker, sizeBytes }) => !deleteMarker && sizeBytes > 0)
    return newest === undefined ? null : await beginningOf(store, bucket, newest, signal)
  } catch {
    // A judgement is not worth a failed copy: what cannot be read now is not counted.
    signal.throwIfAborted()
    return null
  }
}

function older(entries: readonly VersionEntry[], below: string | null): readonly VersionEntry[] {
  const at = below === null ? -1 : entries.findIndex(({ versionId }) => versionId === below)
  return entries.slice(at + 1)
}

async function beginningOf(
  store: ObjectStore,
  bucket: string,
  { key, versionId, sizeBytes }: VersionEntry,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const last = Math.min(sizeBytes, sampleBytes) - 1
  const opened = await store.get({ bucket, key, versionId }, { range: { first: 0, last }, signal })
  if (opened === null) return null
  try {
    return await gathered(opened.body, last + 1)
  } finally {
    opened.body.destroy()
  }
}
