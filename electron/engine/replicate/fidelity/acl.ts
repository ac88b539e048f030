import { FaultError } from '../../../../shared/model/fault.ts'
import type { FidelityProperty } from '../../../../shared/model/fidelity.ts'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import type { Acl, AclGrant, AclPermission, CallOptions, ObjectStore } from '../../store/port.ts'
import type { LinkOrder } from '../port.ts'
import type { ReplicationContext } from '../context.ts'

const everyone = 'http://acs.amazonaws.com/groups/global/AllUsers'
const signedIn = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'

/** Which of the grants that every site knows a link sets at its target. */
export interface CarriedAcl {
  readonly everyone: boolean
  readonly signedIn: boolean
}

/** null: the rule leaves ACLs at the source, and nobody asks for them. */
export function carriedAcl({ rule, fidelity }: Pick<LinkOrder, 'rule' | 'fidelity'>): CarriedAcl | null {
  if (rule.fidelity.acl === 'leave') return null
  return { everyone: fidelity.acl !== 'not-kept', signedIn: fidelity['acl-signed-in'] === 'kept' }
}

export const setsAny = (carried: CarriedAcl): boolean => carried.everyone || carried.signedIn

/** The ACL of a version. A site that knows none grants nothing by it. */
export async function aclOf(
  store: Pick<ObjectStore, 'getAcl'>,
  ref: ObjectRef,
  options: CallOptions,
): Promise<Acl | null> {
  try {
    return await store.getAcl(ref, options)
  } catch (error) {
    if (isUnsupported(error)) return null
    throw error
  }
}

const isUnsupported = (error: unknown): boolean => error instanceof FaultError && error.fault.code === 'NOT_SUPPORTED'

/** What the source's version grants and its copy goes without. Pure. */
export function leftAtSource(source: Acl | null, carried: CarriedAcl): readonly FidelityProperty[] {
  const lost = new Set<FidelityProperty>()
  for (const { kind, grantee } of source?.grants ?? []) {
    if (kind === 'user' && grantee === source?.ownerId) continue
    if (kind !== 'group' || (grantee !== everyone && grantee !== signedIn)) lost.add('acl-users')
    else if (grantee === everyone && !carried.everyone) lost.add('acl')
    else if (grantee === signedIn && !carried.signedIn) lost.add('acl-signed-in')
  }
  return [...lost]
}

/** Where the grants to groups that every site knows differ, each as `who permission`. */
export interface GroupDifference {
  readonly missing: readonly string[]
  /** The copy is more public than its source. */
  readonly beyond: readonly string[]
}

/** Of those groups alone that the link carries, and of whatever the target grants beyond the source. Pure. */
export function groupDifference(source: Acl | null, target: Acl | null, carried: CarriedAcl): GroupDifference {
  const want = groupRights(source)
  const have = groupRights(target)
  return {
    missing: [...want].filter((right) => !have.has(right) && isCarried(right, carried)),
    beyond: [...have].filter((right) => !want.has(right)),
  }
}

const isDifferent = ({ missing, beyond }: GroupDifference): boolean => missing.length + beyond.length > 0

const isCarried = (right: string, carried: CarriedAcl): boolean =>
  right.startsWith(everyone) ? carried.everyone : carried.signedIn

const parts = ['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP'] as const

function groupRights(acl: Acl | null): ReadonlySet<string> {
  const grants = (acl?.grants ?? []).filter(({ kind, grantee }) => kind === 'group' && isKnown(grantee))
  return new Set(grants.flatMap(({ grantee, permission }) => partsOf(permission).map((part) => `${grantee} ${part}`)))
}

const isKnown = (group: string): boolean => group === everyone || group === signedIn
const partsOf = (permission: AclPermission): readonly AclPermission[] =>
  permission === 'FULL_CONTROL' ? parts : [permission]

const words: Readonly<Record<string, string>> = {
  READ: 'read',
  WRITE: 'write',
  READ_ACP: 'read the access list',
  WRITE_ACP: 'change the access list',
}

/** `everyone may read`, for reports. */
export function rightText(right: string): string {
  const [group, part] = right.split(' ')
  return `${group === everyone ? 'everyone' : 'every signed-in user'} may ${words[part!] ?? part}`
}

/**
 * The target's ACL with the grants to these groups as the source has them, as far as the link carries them. What it grants to users
 * of its own stays. Pure.
 */
function corrected(target: Acl, source: Acl | null, carried: CarriedAcl): Acl {
  const own = target.grants.filter(({ kind, grantee }) => kind !== 'group' || !isKnown(grantee))
  const have = groupRights(target)
  const want = [...groupRights(source)].filter((right) => isCarried(right, carried) || have.has(right))
  return { ownerId: target.ownerId, grants: [...own, ...want.map(grantOf)] }
}

function grantOf(right: string): AclGrant {
  const [grantee, permission] = right.split(' ')
  return { kind: 'group', grantee: grantee!, permission: permission as AclPermission }
}

export interface AclChange {
  readonly source: Acl | null
  readonly target: Acl
  readonly difference: GroupDifference
}

/** What has to be set at the target; null where all that the link carries is in step, or the target has no ACLs. */
export function aclChange(source: Acl | null, target: Acl | null, carried: CarriedAcl): AclChange | null {
  if (target === null) return null
  const difference = groupDifference(source, target, carried)
  return isDifferent(difference) ? { source, target, difference } : null
}

/** Sets it. False where the target takes no ACLs and the copy is merely less public: more public than its source, it is a fault. */
export async function setAcl(
  to: ObjectRef,
  { source, target, difference }: AclChange,
  context: ReplicationContext,
): Promise<boolean> {
  const carried = carriedAcl(context.link)
  if (carried === null) return false
  try {
    await context.target.putAcl(to, corrected(target, source, carried), { signal: context.signal })
    return true
  } catch (error) {
    if (!(error instanceof FaultError) || !isUnsupported(error)) throw error
    if (difference.beyond.length === 0) return false
    const beyond = difference.beyond.map(rightText).join(', ')
    const message = `The copy is more public than its source (${beyond}), and the target does not take that back: ${error.fault.message}`
    throw new FaultError({ ...error.fault, message }, { cause: error })
  }
}

/** What is read before anything is written: a version whose ACL cannot be read is not copied without it. */
export async function aclToBring(from: ObjectRef, context: ReplicationContext): Promise<Acl | null> {
  return carriedAcl(context.link) === null ? null : aclOf(context.source, from, { signal: context.signal })
}

/** Gives a copy that was just written, and is private therefore, what its source grants. Resolves with what it goes without. */
export async function copyAcl(
  acl: Acl | null,
  targetVersionId: string | null,
  context: ReplicationContext,
): Promise<readonly FidelityProperty[]> {
  const carried = carriedAcl(context.link)
  if (carried === null || acl === null) return []
  const lost = leftAtSource(acl, carried)
  const wanted = groupDifference(acl, null, carried).missing
  if (wanted.length === 0) return lost
  const { bucket } = context.link.target
  const to: ObjectRef = {
    bucket,
    key: context.order.key,
    ...(targetVersionId !== null && { versionId: targetVersionId }),
  }
  const there = await aclOf(context.target, to, { signal: context.signal })
  const change = aclChange(acl, there, carried)
  if (there !== null && (change === null || (await setAcl(to, change, context)))) return lost
  return [...new Set([...lost, ...wanted.map(propertyOf)])]
}

export const propertyOf = (right: string): FidelityProperty => (right.startsWith(everyone) ? 'acl' : 'acl-signed-in')
