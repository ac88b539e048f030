import type { VersionEntry } from '../../store/port.ts'
import type { GatewayContext } from '../context.ts'
import type { Exchange } from '../exchange.ts'
import { S3Error } from '../../s3/s3-error.ts'
import type { Copy } from '../replicas.ts'
import type { Answered } from './ask-copies.ts'
import { newestOf, type CopyHistory } from './copy-history.ts'
import type { CopyState } from './copy-state.ts'
import { versionNames, type VersionNames } from './version-names.ts'

/** What one copy has as its newest. */
export interface Holder {
  /** null: the source. */
  readonly copy: Copy | null
  /** The copy's own id of it; null when it has nothing. */
  readonly versionId: string | null
  readonly deleteMarker: boolean
  /** It says that it was brought there from another site. */
  readonly isStamped: boolean
}

export interface NewestVersion {
  /** The copies that have the newest version on top, the source before the rest. */
  readonly holders: readonly Holder[]
  /** Those that do not. */
  readonly stale: readonly Holder[]
}

/** Versions of a key that are looked through where copies differ; what lies deeper is old. */
const looked = 100

/** Finds the newest of what the copies say. Where they differ, their own order of versions is asked for. */
export async function resolveNewest(
  context: GatewayContext,
  exchange: Exchange,
  answered: readonly Answered[],
): Promise<NewestVersion> {
  const told = answered.flatMap(({ copy, state }) => (state === null ? [] : [{ copy, state }]))
  const names = versionNames(told.map(({ copy, state }) => [copy, state]))
  const tops = told.map(({ copy, state }) => ({
    holder: holderOf(copy, state),
    name: topName(names, copy, state),
  }))
  if (agree(tops.map(({ name }) => name)) || told.every(({ state }) => state.kind !== 'version'))
    return { holders: tops.map(({ holder }) => holder), stale: [] }
  return newestOfHistories(await historiesOf(context, exchange, told, names))
}

async function historiesOf(
  context: GatewayContext,
  exchange: Exchange,
  told: readonly CopyAnswer[],
  names: VersionNames,
): Promise<readonly CopyView[]> {
  const { bucket, key } = exchange.call
  const listed = await Promise.all(
    told.map(async (one) => ({ ...one, entries: await versionsAt(context, exchange, one) })),
  )
  // Read after the listings: whatever was under way then is still, or is known by its pair.
  const now = context.replicas.copies(context.siteId, bucket, key)?.targets ?? []
  const sourceAnswers = told.some(({ copy }) => copy === null)
  return listed.map((one) => seenOf(one, now, names, sourceAnswers))
}

function newestOfHistories(seen: readonly CopyView[]): NewestVersion {
  const newest = newestOf(seen.map(({ history }) => history))
  const hasNewest = ({ history }: CopyView): boolean => (history.names[0] ?? null) === newest
  return {
    holders: seen.filter((one) => hasNewest(one) && !one.isCovered).map(({ holder }) => holder),
    stale: seen.filter((one) => !hasNewest(one)).map(({ holder }) => holder),
  }
}

const agree = (names: readonly (string | null)[]): boolean => names.every((name) => name === names[0])

function topName(names: VersionNames, copy: Copy | null, { kind, versionId, etag }: CopyState): string | null {
  return versionId === null ? null : names(copy, { versionId, etag, deleteMarker: kind === 'marker' })
}

const holderOf = (copy: Copy | null, { kind, versionId, replicaOf }: CopyState): Holder => ({
  copy,
  versionId,
  deleteMarker: kind === 'marker',
  isStamped: replicaOf !== null,
})

interface CopyAnswer {
  readonly copy: Copy | null
  readonly state: CopyState
}

interface ListedCopy extends CopyAnswer {
  readonly entries: readonly VersionEntry[]
}

interface CopyView {
  readonly holder: Holder
  /** A client that asks there gets something else: it lies below what does not count. */
  readonly isCovered: boolean
  readonly history: CopyHistory
}

function seenOf(
  { copy: before, state, entries }: ListedCopy,
  now: readonly Copy[],
  names: VersionNames,
  sourceAnswers: boolean,
): CopyView {
  const copy = now.find(({ link }) => link.linkId === before?.link.linkId) ?? before
  const isSettled = copy === null || (before!.isSettled && copy.isSettled)
  const staying = copy === null ? entries : entries.filter(({ versionId }) => !copy.isLeaving(versionId))
  const known = sourceAnswers && !isSettled ? withoutUnderWay(copy, staying) : staying
  const top = known[0]
  const stamp = top?.versionId === state.versionId ? state.replicaOf : null
  return {
    holder: {
      copy,
      versionId: top?.versionId ?? null,
      deleteMarker: top?.deleteMarker ?? false,
      isStamped: stamp !== null,
    },
    isCovered: top !== entries[0],
    history: {
      names: known.map((entry) => names(copy, entry)),
      // A replica says when it was first written; of its own versions the listing knows more than whole seconds.
      modifiedAt: stamp === null ? (top?.modifiedAt ?? 0) : state.modifiedAt,
      isSource: copy === null,
      isSettled,
    },
  }
}

/**
 * A write goes to source and targets at the same time: what is new at a target whose key has a task, and is not known to be
 * at the source, may be refused there yet. The source knows what was acknowledged.
 */
function withoutUnderWay(copy: Copy, entries: readonly VersionEntry[]): readonly VersionEntry[] {
  const first = entries.findIndex(({ versionId }) => copy.toSource(versionId) !== null)
  return first < 0 ? [] : entries.slice(first)
}

/** Newest first, markers among them. Longer keys with the same beginning come after this one. */
async function versionsAt(
  context: GatewayContext,
  { call: { bucket: own, key }, signal }: Exchange,
  { copy }: CopyAnswer,
): Promise<readonly VersionEntry[]> {
  const { site, bucket } = copy?.link.target ?? { site: context.siteId, bucket: own }
  const page = await context.list(site, { bucket, prefix: key, limit: looked }, signal).catch((cause: unknown) => {
    const message = 'The copies differ, and one of them does not tell the order of its versions now.'
    throw new S3Error('ReadQuorumNotReached', { message, cause })
  })
  return page.entries.filter((entry) => entry.key === key)
}
