import type { IncomingHttpHeaders } from 'node:http'
import { S3Error } from '../s3/s3-error.ts'
import { header } from './exchange.ts'
import type { Version } from './version-table.ts'

export type Verdict = 'go' | 'not-modified' | 'failed'

interface ConditionNames {
  readonly match: string
  readonly noneMatch: string
  readonly modifiedSince: string
  readonly unmodifiedSince: string
}

export const readConditions: ConditionNames = {
  match: 'if-match',
  noneMatch: 'if-none-match',
  modifiedSince: 'if-modified-since',
  unmodifiedSince: 'if-unmodified-since',
}

export const copyConditions: ConditionNames = {
  match: 'x-amz-copy-source-if-match',
  noneMatch: 'x-amz-copy-source-if-none-match',
  modifiedSince: 'x-amz-copy-source-if-modified-since',
  unmodifiedSince: 'x-amz-copy-source-if-unmodified-since',
}

/** Judges the preconditions of a read. ETag conditions win over those by date (RFC 9110, 13.2.2). */
export function judge(headers: IncomingHttpHeaders, names: ConditionNames, version: Version): Verdict {
  const match = header(headers, names.match)
  const noneMatch = header(headers, names.noneMatch)
  if (match !== undefined && !etagListed(match, version.etag)) return 'failed'
  if (match === undefined && changedSince(version, header(headers, names.unmodifiedSince)) === true) return 'failed'
  if (noneMatch !== undefined) return etagListed(noneMatch, version.etag) ? 'not-modified' : 'go'
  return changedSince(version, header(headers, names.modifiedSince)) === false ? 'not-modified' : 'go'
}

/** Dates in headers have whole seconds, so the version's time loses its fraction too. null: no (valid) date was given. */
function changedSince(version: Version, date: string | undefined): boolean | null {
  const at = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(at) ? null : Math.floor(version.modifiedAt / 1000) > Math.floor(at / 1000)
}

function etagListed(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((one) => one.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((one) => one === '*' || one === etag)
}

/** Preconditions of a write: `If-None-Match: *` makes, `If-Match` replaces. Must run in the turn that writes. */
export function checkWrite(headers: IncomingHttpHeaders, newest: Version | undefined): void {
  const match = header(headers, 'if-match')
  const noneMatch = header(headers, 'if-none-match')
  const present = newest !== undefined && !newest.deleteMarker
  if (noneMatch !== undefined && present && etagListed(noneMatch, newest.etag)) throw new S3Error('PreconditionFailed')
  if (match === undefined) return
  if (!present) throw new S3Error('NoSuchKey')
  if (!etagListed(match, newest.etag)) throw new S3Error('PreconditionFailed')
}
