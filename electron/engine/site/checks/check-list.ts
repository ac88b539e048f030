/*
 * Preflight checks: the questions asked of a pair of sites before a rule is made, in files by what they ask. Run in order by
 * `site/preflight-run.ts`; a check that stands on a failed one is skipped.
 */

import type { CheckId } from '../../../../shared/model/check.ts'
import { checkBucket, checkNativeReplication, checkObjectLock, checkVersioning } from './bucket-settings.ts'
import type { Check, CheckContext, Finding, Side } from './check.ts'
import { checkClock, checkDns, checkTcp, checkTls } from './reach.ts'
import { checkFirstCopy, checkTargetContent } from './content.ts'
import { checkIdentity, checkSameSite } from './identity.ts'
import { checkSignIn, checkSourceRights, checkTargetRights } from './rights.ts'

export interface CheckSpec {
  readonly title: string
  /** Skipped when one of these failed, or was skipped for that reason. */
  readonly standsOn: readonly CheckId[]
  readonly run: Check
}

type SideCheck = (side: Side, context: CheckContext) => Promise<Finding>
const atSource =
  (check: SideCheck): Check =>
  (context) =>
    check(context.source, context)
const atTarget =
  (check: SideCheck): Check =>
  (context) =>
    check(context.target, context)

const spec = (title: string, standsOn: readonly CheckId[], run: Check): CheckSpec => ({ title, standsOn, run })
const bothBuckets: readonly CheckId[] = ['source-bucket', 'target-bucket']

/** Every check there is; run in the order of `checkIds`. */
export const checkList: Readonly<Record<CheckId, CheckSpec>> = {
  'source-dns': spec('Host name of the source', [], atSource(checkDns)),
  'source-tcp': spec('Connection to the source', ['source-dns'], atSource(checkTcp)),
  'source-tls': spec('Encryption to the source', ['source-tcp'], atSource(checkTls)),
  'source-clock': spec('Clock of the source', ['source-tls'], atSource(checkClock)),
  'source-sign-in': spec('Sign-in at the source', ['source-clock'], atSource(checkSignIn)),
  'target-dns': spec('Host name of the target', [], atTarget(checkDns)),
  'target-tcp': spec('Connection to the target', ['target-dns'], atTarget(checkTcp)),
  'target-tls': spec('Encryption to the target', ['target-tcp'], atTarget(checkTls)),
  'target-clock': spec('Clock of the target', ['target-tls'], atTarget(checkClock)),
  'target-sign-in': spec('Sign-in at the target', ['target-clock'], atTarget(checkSignIn)),
  'source-bucket': spec('Bucket at the source', ['source-sign-in'], atSource(checkBucket)),
  'source-rights': spec('Rights at the source', ['source-bucket'], checkSourceRights),
  'target-bucket': spec('Bucket at the target', ['target-sign-in'], atTarget(checkBucket)),
  'target-rights': spec('Rights at the target', ['target-bucket'], checkTargetRights),
  'source-versioning': spec('Versioning at the source', ['source-bucket'], atSource(checkVersioning)),
  'target-versioning': spec('Versioning at the target', ['target-bucket'], atTarget(checkVersioning)),
  'object-lock': spec('Object lock on both sides', bothBuckets, checkObjectLock),
  identity: spec('Version ids at the target', ['target-rights', 'target-versioning'], checkIdentity),
  'native-replication': spec('Replication by the sites themselves', bothBuckets, checkNativeReplication),
  'same-site': spec('Two different buckets', [...bothBuckets, 'target-rights'], checkSameSite),
  'target-content': spec('What the target holds already', ['target-bucket'], checkTargetContent),
  'first-copy': spec('Size of the first copy', ['source-rights'], checkFirstCopy),
}
