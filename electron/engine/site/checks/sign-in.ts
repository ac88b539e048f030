import { FaultError } from '../../../../shared/model/fault.ts'
import { ok, type CheckContext, type Finding, type Side } from './check.ts'
import { counted } from './words.ts'

/** Does the site know the key, and accept its signature? */
export async function checkSignIn(side: Side, { signal }: CheckContext): Promise<Finding> {
  try {
    const names = await side.store().listBuckets({ signal })
    return ok(`Signed in; the key sees ${counted(names.length, 'bucket')}.`)
  } catch (error) {
    // Wrong keys have codes of their own: this one means that the signature was good.
    if (error instanceof FaultError && error.fault.code === 'ACCESS_DENIED')
      return ok('Signed in. The key may not list all buckets (s3:ListAllMyBuckets), which is not needed.')
    throw error
  }
}
