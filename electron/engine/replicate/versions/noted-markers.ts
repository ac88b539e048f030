import type { MarkerNote } from '../../journal/port/tasks.ts'
import type { VersionPair } from '../../journal/port/versions.ts'
import type { VersionEntry } from '../../store/port.ts'
import { adoptsMarkerId } from '../../store/version-headers.ts'
import type { TaskOrder } from '../port.ts'
import type { ReplicationContext } from '../context.ts'

/** S3: a site refuses a request whose time is further than this from its own. So no marker came of it whose time is. */
const clocksApartMs = 900_000

type Notes = Pick<TaskOrder, 'markers'>

export const noteOf = (versionId: string, { markers = [] }: Notes): MarkerNote | null =>
  markers.find((marker) => marker.versionId === versionId)?.note ?? null

/** Does the target choose the id of this version's delete marker? Then nothing there tells whose it is. */
export function isMinted(versionId: string, { link }: Pick<ReplicationContext, 'link'>): boolean {
  const style = link.identity
  return style === 'mints' || style === 'unknown' || !adoptsMarkerId({ style, versionId })
}

/**
 * Is this marker at the target the one that was sent for that version, and of which nobody heard? Only one that came when it was sent, and
 * only where no more such markers lie there than were sent: of two, one would be a client's, and nothing tells which.
 */
export function isSentMarker(
  versionId: string,
  there: VersionEntry,
  { target, known }: { readonly target: readonly VersionEntry[]; readonly known: readonly VersionPair[] },
  context: Pick<ReplicationContext, 'order' | 'link'>,
): boolean {
  const { markers = [] } = context.order
  const note = noteOf(versionId, context.order)
  if (note === null || note === 'unsure' || !isMinted(versionId, context)) return false
  const explained = new Set(known.map(({ targetVersionId }) => targetVersionId))
  const mayBe = ({ versionId: id, deleteMarker, modifiedAt }: VersionEntry): boolean =>
    deleteMarker && !explained.has(id) && Math.abs(modifiedAt - note) <= clocksApartMs
  const sent = markers.filter((marker) => marker.note !== 'unsure')
  return mayBe(there) && target.filter(mayBe).length <= sent.length
}

/** Every pair of the key that is known by now, whoever brought it. */
export const knownPairs = (
  learned: readonly VersionPair[],
  { order }: Pick<ReplicationContext, 'order'>,
): readonly VersionPair[] => [...order.pairs, ...learned, ...(order.came ?? []), ...(order.alike ?? [])]
