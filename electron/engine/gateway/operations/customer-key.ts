import type { RuleLink } from '../../rule/link.ts'
import type { CallHeaders } from '../protocol/read-call.ts'
import { S3Error } from '../protocol/s3-error.ts'

const customerKey = 'x-amz-server-side-encryption-customer-'

/**
 * SSE-C: an object under a key that only its client has cannot be read here, so that no target would ever confirm it.
 * Where a rule's answer waits for targets it is refused before anything is stored; where none does, the failure list tells.
 */
export function refuseCustomerKey(headers: CallHeaders, links: readonly RuleLink[]): void {
  if (!Object.keys(headers).some((name) => name.startsWith(customerKey))) return
  if (links.every(({ rule }) => rule.ack.policy === 'async')) return
  throw new S3Error('InvalidRequest', {
    message:
      'Nothing was stored: an object under a key that only its client has (SSE-C) cannot be replicated, and a rule answers ' +
      'writes to this bucket only when other sites have them. Leave the key out, or write to a bucket or prefix without such a rule.',
  })
}
