import type { Identity } from '../../../../shared/model/site.ts'
import { createAddress } from '../../s3/address.ts'
import { withCanary } from '../canary.ts'
import { failed, ok, place, warning, type CheckContext, type Finding, type Side } from './check.ts'

/** Are source and target really two buckets? Two names may lead to one cluster. */
export async function checkSameSite(context: CheckContext): Promise<Finding> {
  const { source, target } = context
  if (source.bucket !== target.bucket) return ok('Source and target are two buckets.')
  if (endpointOf(source) === endpointOf(target)) return same(context)
  const seen = await seenAtSource(context)
  if (seen === 'no')
    return ok('Source and target are two buckets; a canary written to the target does not show at the source.')
  if (seen === 'same') return same(context)
  return warning(
    'A canary written to the target came to the source as a replica: the sites replicate the other way by themselves.',
  )
}

const same = ({ target }: CheckContext): Finding =>
  failed('CONFLICT', 'Source and target are the same bucket: choose another target.', target)

function endpointOf({ site }: Side): string {
  const { name, port } = createAddress(site).host(undefined)
  return `${name.toLowerCase()}:${port}`
}

/** By listing, which no site answers from its replication peer as it may do with GET and HEAD. */
async function seenAtSource({ source, target, ports, signal }: CheckContext): Promise<'no' | 'same' | 'replica'> {
  const { value } = await withCanary(target.store(), target.bucket, ports, signal, async (canary) => {
    await canary.put('mints', null, 0, signal)
    const versions = await canary.versions(source.store(), source.bucket, signal)
    const first = versions[0]
    if (first === undefined) return 'no'
    const ref = { bucket: source.bucket, key: canary.key, versionId: first.versionId }
    const head = await source.store().head(ref, { signal })
    return head?.replicationStatus === 'REPLICA' ? 'replica' : 'same'
  })
  return value
}

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
