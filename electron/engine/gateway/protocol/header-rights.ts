import type { GatewayRight } from '../../../../shared/model/gateway-rights.ts'
import * as headerNames from '../../s3/header-names.ts'
import { S3Error } from '../../s3/s3-error.ts'

const of = (names: string, right: GatewayRight): readonly (readonly [string, GatewayRight])[] =>
  names.split(' ').map((name) => [name, right] as const)

/** The right that a header adds to what its operation needs. */
const rights: ReadonlyMap<string, GatewayRight> = new Map([
  ...of(headerNames.acl, 'acl'),
  ...of(headerNames.locks, 'retention'),
  ['x-amz-tagging', 'tags'],
  ['x-amz-tagging-directive', 'tags'],
  ['x-amz-bypass-governance-retention', 'bypassGovernance'],
  ['x-amz-bucket-object-lock-enabled', 'bucketSettings'],
  ['x-amz-object-ownership', 'bucketSettings'],
])

/** null for a header that needs no more than its operation does. */
export function rightOfHeader(name: string, value: string): GatewayRight | null {
  const right = rights.get(name)
  if (right === undefined || asksForDefault(name, value)) return null
  return right
}

/** What a new object gets anyway, said aloud: many clients say it with every write. */
function asksForDefault(name: string, value: string): boolean {
  switch (name) {
    case 'x-amz-acl':
      return value === 'private'
    case 'x-amz-tagging-directive':
      return value === 'COPY'
    case 'x-amz-bypass-governance-retention':
      return !isYes(name, value)
    default:
      return false
  }
}

/** Servers differ in what else they take for yes. */
function isYes(name: string, value: string): boolean {
  if (/^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true'
  throw new S3Error('InvalidArgument', { message: `${name} is true or false.` })
}
