import type { BucketAt } from '../../../shared/model/rule.ts'
import type { ListPosition, ListRequest, VersionPage } from '../store/port.ts'
import { CurrentKeys, type CheckRate, type CurrentKeysOptions } from '../store/current-keys.ts'
import { VersionReader, type VersionReaderOptions } from './version-reader.ts'

export interface CheckedReaderOptions
  extends Pick<VersionReaderOptions, 'now' | 'after' | 'until'>, Pick<CurrentKeysOptions, 'onUnavailable'> {
  readonly at: BucketAt
  readonly prefix: string
  readonly list: (siteId: string, request: ListRequest, signal: AbortSignal) => Promise<VersionPage>
  readonly rate: CheckRate
  readonly signal: AbortSignal
}

/** Reads one side's listing of versions, and throws a LISTING_… fault where it is not to be trusted. */
export function checkedReader({
  at,
  prefix,
  list,
  rate,
  signal,
  onUnavailable = () => undefined,
  ...span
}: CheckedReaderOptions): VersionReader {
  const { site, bucket } = at
  const ask = async (from: ListPosition | undefined, more: Partial<ListRequest>): Promise<VersionPage> => {
    // A check goes on behind a page that was read ahead.
    signal.throwIfAborted()
    return list(site, { bucket, prefix, from, ...more }, signal)
  }
  const versions = (from: ListPosition | undefined): Promise<VersionPage> => ask(from, {})
  const current = (from: ListPosition | undefined, narrower = prefix): Promise<VersionPage> =>
    ask(from, { prefix: narrower, current: true })
  const check = new CurrentKeys({ ...rate, versions, current, after: span.after, site, onUnavailable })
  return new VersionReader({ ...span, list: versions, check, site })
}
