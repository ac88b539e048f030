import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../s3/s3-error.ts'
import { element, xmlDocument } from '../s3/xml-write.ts'
import { childText, children, parseRequestXml, type XmlElement } from '../s3/xml-tree.ts'
import { ownerId, ownerXml } from './operations/buckets.ts'
import { header } from './exchange.ts'
import type { Grant, VersionFacts } from './version-table.ts'

const everyone = 'http://acs.amazonaws.com/groups/global/AllUsers'
const signedIn = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'
const groups: ReadonlySet<string> = new Set([everyone, signedIn, 'http://acs.amazonaws.com/groups/s3/LogDelivery'])
const permissions: ReadonlySet<string> = new Set(['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL'])

/** What each canned ACL grants besides the owner's own right; there is one owner here, of buckets and objects. */
const canned: Readonly<Record<string, readonly Grant[]>> = {
  private: [],
  'public-read': [{ uri: everyone, permission: 'READ' }],
  'public-read-write': [
    { uri: everyone, permission: 'READ' },
    { uri: everyone, permission: 'WRITE' },
  ],
  'authenticated-read': [{ uri: signedIn, permission: 'READ' }],
  'aws-exec-read': [],
  'bucket-owner-read': [],
  'bucket-owner-full-control': [],
}

const grantHeaders = {
  'x-amz-grant-read': 'READ',
  'x-amz-grant-read-acp': 'READ_ACP',
  'x-amz-grant-write-acp': 'WRITE_ACP',
  'x-amz-grant-full-control': 'FULL_CONTROL',
} as const

/** What a request's headers say of the object's ACL; null when they say nothing. */
function fromHeaders(headers: IncomingHttpHeaders): readonly Grant[] | null {
  const name = header(headers, 'x-amz-acl')
  const listed = Object.entries(grantHeaders).flatMap(([one, permission]) =>
    (header(headers, one) ?? '')
      .split(',')
      .filter((text) => text.trim() !== '')
      .map((text) => named(text.trim(), permission)),
  )
  if (name === undefined) return listed.length === 0 ? null : listed
  if (listed.length > 0)
    throw new S3Error('InvalidRequest', { message: 'Specifying both Canned ACLs and Header Grants is not allowed' })
  const grants = canned[name]
  if (grants === undefined) throw new S3Error('InvalidArgument')
  return grants
}

/** Such as `uri="http://…"` or `id=…`. */
function named(text: string, permission: string): Grant {
  const [, kind, value] = /^(uri|id)="?([^"]*)"?$/.exec(text) ?? []
  if (kind === undefined || value === undefined || value === '') throw new S3Error('InvalidArgument')
  return checked(kind === 'uri' ? { uri: value, permission } : { id: value, permission })
}

function checked(grant: Grant): Grant {
  if (!permissions.has(grant.permission)) throw new S3Error('MalformedXML')
  if (grant.uri !== undefined && !groups.has(grant.uri))
    throw new S3Error('InvalidArgument', { message: 'Invalid group uri' })
  return grant
}

/** The part of a write's facts that its ACL headers make. */
export function readAcl(headers: IncomingHttpHeaders): Pick<VersionFacts, 'grants'> {
  const grants = fromHeaders(headers)
  return grants === null || grants.length === 0 ? {} : { grants }
}

/** The ACL that a PutObjectAcl sets: by its headers, or by its document. Without the owner's own right, which stays. */
export function aclOf(headers: IncomingHttpHeaders, document: Buffer): readonly Grant[] {
  const told = fromHeaders(headers)
  if (told !== null) return told
  const root = parseRequestXml(document, 'AccessControlPolicy')
  const [list] = root === null ? [] : children(root, 'AccessControlList')
  if (list === undefined) throw new S3Error('MalformedXML')
  return children(list, 'Grant')
    .map(readGrant)
    .filter(({ id }) => id !== ownerId)
}

function readGrant(node: XmlElement): Grant {
  const [grantee] = children(node, 'Grantee')
  const permission = childText(node, 'Permission') ?? ''
  const uri = grantee === undefined ? undefined : childText(grantee, 'URI')
  const id = grantee === undefined ? undefined : childText(grantee, 'ID')
  if (uri === undefined && id === undefined) throw new S3Error('MalformedXML')
  return checked(uri === undefined ? { id: id!, permission } : { uri, permission })
}

export function aclXml({ grants = [] }: VersionFacts): string {
  const all: readonly Grant[] = [{ id: ownerId, permission: 'FULL_CONTROL' }, ...grants]
  return xmlDocument(
    'AccessControlPolicy',
    `${ownerXml}<AccessControlList>${all.map(grantXml).join('')}</AccessControlList>`,
  )
}

function grantXml({ uri, id, permission }: Grant): string {
  const type = uri === undefined ? 'CanonicalUser' : 'Group'
  const open = `<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="${type}">`
  return `<Grant>${open}${element('ID', id)}${element('URI', uri)}</Grantee>${element('Permission', permission)}</Grant>`
}
