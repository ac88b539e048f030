import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../s3/s3-error.ts'
import type { Bucket, DefaultRetention } from './bucket-table.ts'
import { header } from './exchange.ts'
import type { Retention, Version, VersionFacts } from './version-table.ts'

const dayMs = 24 * 3600_000

/** Retention and legal hold of a write: as its headers say, else the bucket's default (which replicas are spared). */
export function readLock(
  headers: IncomingHttpHeaders,
  bucket: Bucket,
  now: number,
  replica: boolean,
): Pick<VersionFacts, 'retention' | 'legalHold'> {
  const mode = header(headers, 'x-amz-object-lock-mode')
  const until = header(headers, 'x-amz-object-lock-retain-until-date')
  const hold = header(headers, 'x-amz-object-lock-legal-hold')
  const asks = mode !== undefined || until !== undefined || hold !== undefined
  if (asks) requireLock(bucket)
  const retention =
    mode === undefined && until === undefined
      ? defaultRetention(replica ? null : bucket.defaultRetention, now)
      : // A replica may arrive after its retention has ended.
        checkRetention(mode ?? '', until ?? '', replica ? 0 : now)
  return {
    ...(retention === null ? {} : { retention }),
    ...(hold === undefined ? {} : { legalHold: readHold(hold) }),
  }
}

export function requireLock(bucket: Bucket): void {
  if (bucket.objectLock) return
  throw new S3Error('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration.' })
}

export function readHold(status: string): boolean {
  if (status !== 'ON' && status !== 'OFF') throw new S3Error('MalformedXML')
  return status === 'ON'
}

export function checkRetention(mode: string, until: string, now: number): Retention {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
    throw new S3Error('InvalidArgument', { message: 'Unknown WORM mode, or a retention date without a mode.' })
  }
  const untilAt = Date.parse(until)
  if (Number.isNaN(untilAt)) {
    throw new S3Error('InvalidArgument', { message: 'The retain until date must be given in ISO 8601.' })
  }
  if (untilAt <= now) throw new S3Error('InvalidArgument', { message: 'The retain until date must be in the future.' })
  return { mode, until }
}

function defaultRetention(rule: DefaultRetention | null, now: number): Retention | null {
  if (rule === null) return null
  const days = rule.unit === 'Days' ? rule.count : rule.count * 365
  return { mode: rule.mode, until: new Date(now + days * dayMs).toISOString() }
}

/** Refuses to take away or change a version that is held or retained. */
export function checkRemovable(version: Version, now: number, bypassGovernance: boolean): void {
  const { legalHold, retention } = version.facts
  const retained = retention !== undefined && Date.parse(retention.until) > now
  const bypassed = retention?.mode === 'GOVERNANCE' && bypassGovernance
  if (legalHold === true || (retained && !bypassed)) {
    throw new S3Error('AccessDenied', { message: 'Access Denied because object protected by object lock.' })
  }
}

/** A retention may grow; only governance may shrink, and only with the bypass. */
export function checkRetentionChange(
  version: Version,
  next: Retention | null,
  now: number,
  bypassGovernance: boolean,
): void {
  const current = version.facts.retention
  if (current === undefined || Date.parse(current.until) <= now) return
  const grows = next !== null && Date.parse(next.until) >= Date.parse(current.until)
  const keepsMode = next?.mode === current.mode || next?.mode === 'COMPLIANCE'
  if (grows && keepsMode) return
  if (current.mode === 'GOVERNANCE' && bypassGovernance) return
  throw new S3Error('AccessDenied', { message: 'Access Denied because object protected by object lock.' })
}

export const bypassesGovernance = (headers: IncomingHttpHeaders): boolean =>
  header(headers, 'x-amz-bypass-governance-retention')?.toLowerCase() === 'true'
