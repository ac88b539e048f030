import type { Identity } from '../../../../shared/model/site.ts'
import { failed, ok, place, type CheckContext, type Finding } from './check.ts'

const meanings: Readonly<Record<Exclude<Identity, 'unknown'>, string>> = {
  'adopts-minio': 'keeps version ids, modification times and ETags.',
  'adopts-ceph':
    'keeps version ids. Modification times are those of arrival; Lockstep keeps the source’s in metadata x-amz-meta-lockstep-*.',
  mints: 'mints its own version ids: Lockstep keeps the origin in metadata x-amz-meta-lockstep-*.',
}

/** What happens to version ids on the way? */
export async function checkIdentity({ target, probeTarget }: CheckContext): Promise<Finding> {
  const { identity } = await probeTarget({ site: target.site.id, bucket: target.bucket })
  if (identity !== 'unknown') return ok(`${place(target)} ${meanings[identity]}`)
  return failed('REQUEST_REFUSED', `A canary written to ${place(target)} could not be read back.`, target)
}
