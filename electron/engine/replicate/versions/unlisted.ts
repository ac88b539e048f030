import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { VersionEntry } from '../../store/port.ts'
import type { ComparedKey } from './compare-key.ts'
import type { ReplicationContext } from '../context.ts'

/**
 * Refuses to write versions again whose replicas the journal knows and the target has, and lists nowhere. MinIO lists nothing below a key
 * that is an object itself (`c/1` beside `c`): each scan would miss them and have them written once more, and the link would be called
 * in step. It is tried again: a listing may be late, for as long as a site likes.
 */
export async function refuseUnlisted(
  versions: readonly VersionEntry[],
  { target: listed }: ComparedKey,
  { order, link, target, signal }: ReplicationContext,
): Promise<void> {
  const { site, bucket } = link.target
  for (const { versionId: sourceVersionId } of versions) {
    const known = order.pairs.find((pair) => pair.sourceVersionId === sourceVersionId)?.targetVersionId
    if (known === undefined || listed.some(({ versionId }) => versionId === known)) continue
    if ((await target.presence({ bucket, key: order.key, versionId: known }, { signal })) === 'absent') continue
    const message = `Site ${site} has this key and lists it nowhere, as MinIO does where a key that it begins with, up to a slash, is an object.`
    throw new FaultError(fault('KEY_NOT_ALLOWED', message, { site, retry: 'backoff' }))
  }
}
