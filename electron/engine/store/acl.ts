import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import type { Acl, AclGrant, AclPermission, CallOptions } from './port.ts'
import type { SignedCalls } from './signed-calls.ts'
import { callFor, withXml } from './tags-and-locks.ts'
import { element, requestXml } from '../s3/xml-write.ts'
import { scanXml } from '../s3/xml-scan.ts'

export async function getAcl(calls: SignedCalls, ref: ObjectRef, { signal }: CallOptions = {}): Promise<Acl> {
  const call = { ...callFor('GetObjectAcl', 'GET', ref, 'acl'), signal }
  return calls.readXml(call, await calls.send(call), readAcl)
}

export async function putAcl(
  calls: SignedCalls,
  ref: ObjectRef,
  { ownerId, grants }: Acl,
  { signal }: CallOptions = {},
): Promise<void> {
  const owner = `<Owner>${element('ID', ownerId)}</Owner>`
  const list = `<AccessControlList>${grants.map(grantXml).join('')}</AccessControlList>`
  const xml = requestXml('AccessControlPolicy', owner + list)
  await calls.send({ ...withXml(callFor('PutObjectAcl', 'PUT', ref, 'acl'), xml), signal })
}

function grantXml({ kind, grantee, permission }: AclGrant): string {
  const [type, name] = granteeXml[kind]
  const open = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">`
  return `<Grant>${open}${element(name, grantee)}</Grantee>${element('Permission', permission)}</Grant>`
}

const granteeXml = {
  group: ['Group', 'URI'],
  user: ['CanonicalUser', 'ID'],
  email: ['AmazonCustomerByEmail', 'EmailAddress'],
} as const satisfies Record<AclGrant['kind'], readonly [type: string, element: string]>

const granteeKinds: ReadonlyMap<string, AclGrant['kind']> = new Map([
  ['URI', 'group'],
  ['ID', 'user'],
  ['EmailAddress', 'email'],
])

const permissions: ReadonlySet<string> = new Set(['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'])
const isPermission = (text: string): text is AclPermission => permissions.has(text)

/** Ceph writes several permissions into one grant; each becomes one of its own. */
function readAcl(xml: Buffer): Acl {
  let ownerId = ''
  const grants: AclGrant[] = []
  let isOwner = false
  let to: Pick<AclGrant, 'kind' | 'grantee'> | null = null
  let granted: AclPermission[] = []
  scanXml(xml, {
    open(name) {
      isOwner = name === 'Owner'
      if (name === 'Grant') [to, granted] = [null, []]
    },
    leaf(name, text) {
      const kind = granteeKinds.get(name)
      if (name === 'Permission' && isPermission(text)) granted.push(text)
      else if (isOwner && name === 'ID') ownerId = text
      else if (!isOwner && kind !== undefined) to = { kind, grantee: text }
    },
    close(name) {
      const grantee = to
      if (name === 'Owner') isOwner = false
      else if (name === 'Grant' && grantee !== null)
        grants.push(...granted.map((permission) => ({ ...grantee, permission })))
    },
  })
  return { ownerId, grants }
}
