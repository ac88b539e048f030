import type { CallOptions, ListRequest, VersionPage } from './port.ts'
import type { SignedCall, SignedCalls } from './signed-calls.ts'
import { parseVersionListing } from './version-listing.ts'

/** One page of ListObjectVersions. */
export async function listVersions(
  calls: SignedCalls,
  { bucket, prefix, from, delimiter, limit = 1000 }: ListRequest,
  options: CallOptions = {},
): Promise<VersionPage> {
  const call: SignedCall = {
    operation: 'ListObjectVersions',
    method: 'GET',
    bucket,
    query: [
      ['versions', ''],
      // Keys may hold characters that XML cannot.
      ['encoding-type', 'url'],
      ['max-keys', String(limit)],
      ['prefix', prefix],
      ...(delimiter === undefined ? [] : [['delimiter', delimiter] as const]),
      ...(from === undefined ? [] : [['key-marker', from.keyMarker] as const]),
      ...(from?.versionIdMarker === undefined ? [] : [['version-id-marker', from.versionIdMarker] as const]),
    ],
    signal: options.signal,
  }
  return calls.readXml(call, await calls.send(call), parseVersionListing)
}
