import { fault, FaultError } from '../../../../shared/model/fault.ts'
import type { VersionEntry } from '../../store/port.ts'
import type { ComparedKey } from './compare-key.ts'
import type { ReplicationContext } from '../context.ts'

/** From this attempt on it is set aside: a listing may be a little late. */
const attemptsBeforeParked = 3

/**
 * Refuses a version whose replica the journal knows and the target has, and lists nowhere. MinIO lists nothing below a key that is an
 * object itself (`c/1` beside `c`): each scan would miss it and have it written once more, and the link would be called in step.
 */
export async function refuseUnlisted(
  { versionId: sourceVersionId }: VersionEntry,
  { target: listed }: ComparedKey,
  { order, link, target, signal }: ReplicationContext,
): Promise<void> {
  const { key, attempt, pairs } = order
  const known = pairs.find((pair) => pair.sourceVersionId === sourceVersionId)?.targetVersionId
  if (known === undefined || listed.some(({ versionId }) => versionId === known)) return
  const { site, bucket } = link.target
  if ((await target.presence({ bucket, key, versionId: known }, { signal })) === 'absent') return
  const retry = attempt < attemptsBeforeParked ? 'backoff' : 'never'
  const message = `Site ${site} has this key and lists it nowhere, as MinIO does where a key that it begins with, up to a slash, is an object.`
  throw new FaultError(fault('KEY_NOT_ALLOWED', message, { site, retry }))
}
