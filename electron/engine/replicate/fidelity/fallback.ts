import { FaultError } from '../../../../shared/model/fault.ts'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import type { NewVersion, Tags } from '../../store/port.ts'
import type { LinkOrder } from '../port.ts'
import type { ReplicationContext } from '../context.ts'

/** What the narrowest of sites (MinIO) takes in a tag; S3 allows any letter. */
const narrowTag = /^[A-Za-z0-9 +\-=._:/@]*$/

/**
 * The same version with less, where a target refused it for a thing that the rule can do without: a storage class that the
 * rule does not ask for, tags that the rule leaves out. null where it is to stay refused.
 */
function fallbackFor(error: unknown, asked: NewVersion, { rule }: Pick<LinkOrder, 'rule'>): NewVersion | null {
  if (!(error instanceof FaultError)) return null
  const { code } = error.fault
  if (code === 'STORAGE_CLASS_UNKNOWN' && rule.storageClass === null && asked.storageClass !== null)
    return { ...asked, storageClass: null }
  return isLeftOut(error, { rule }) ? { ...asked, tags: fewer(asked.tags) } : null
}

const isLeftOut = (error: unknown, { rule }: Pick<LinkOrder, 'rule'>): boolean =>
  error instanceof FaultError && error.fault.code === 'TAG_REFUSED' && rule.fidelity.refusedTags === 'leave-out'

/** Without those that the narrowest site would refuse; none, where those were not it. */
function fewer(tags: Tags): Tags {
  const rest = narrowed(tags)
  return Object.keys(rest).length < Object.keys(tags).length ? rest : {}
}

/** Those that even the narrowest site takes. */
export const narrowed = (tags: Tags): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key, value]) => narrowTag.test(key) && narrowTag.test(value)))

/** Sends it, and sends it again with less for as long as the target refuses what the rule can do without. */
export async function withFallback<T>(
  asked: NewVersion,
  link: Pick<LinkOrder, 'rule'>,
  send: (version: NewVersion) => Promise<T>,
): Promise<{ readonly result: T; readonly sent: NewVersion }> {
  for (let sent = asked; ;) {
    try {
      return { result: await send(sent), sent }
    } catch (error) {
      const less = fallbackFor(error, sent, link)
      if (less === null) throw error
      sent = less
    }
  }
}

/** Sets the tags that the target takes, as far as it has not got them. False where it has. */
export async function putTagsTaken(
  to: ObjectRef,
  want: Tags,
  have: Tags,
  context: ReplicationContext,
): Promise<boolean> {
  for (let tags = want; !sameTags(tags, have);) {
    try {
      await context.target.putTags(to, tags, { signal: context.signal })
      return true
    } catch (error) {
      if (!isLeftOut(error, context.link)) throw error
      tags = fewer(tags)
    }
  }
  return false
}

export function sameTags(a: Tags, b: Tags): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
