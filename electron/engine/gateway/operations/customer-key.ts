import { customerKeyPrefix } from '../../s3/header-names.ts'
import type { GatewayContext } from '../context.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { CallHeaders } from '../protocol/read-call.ts'
import { S3Error } from '../../s3/s3-error.ts'

/**
 * SSE-C: an object under a key that a rule does not name cannot be read here, so that no target of it would ever confirm it.
 * Where such a rule's answer waits for targets it is refused before anything is stored; where none does, the failure list tells.
 */
export function refuseCustomerKey(
  headers: CallHeaders,
  links: readonly RuleLink[],
  { namesKey }: Pick<GatewayContext, 'namesKey'>,
): void {
  if (!Object.keys(headers).some((name) => name.startsWith(customerKeyPrefix))) return
  const md5 = headers[`${customerKeyPrefix}key-md5`]
  const waiting = links.filter(({ rule }) => rule.ack.policy !== 'async')
  if (waiting.every(({ rule }) => typeof md5 === 'string' && namesKey(rule, md5))) return
  throw new S3Error('InvalidRequest', {
    message:
      'Nothing was stored: a rule answers writes to this bucket only when other sites have them, and it does not name this ' +
      'key (SSE-C), so that it could not copy the object. Leave the key out, or let the rule name it (fidelity.sseCKeys).',
  })
}
