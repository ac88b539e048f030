import { readFileSync } from 'node:fs'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { Site } from '../../../shared/model/site.ts'
import { once } from '../base/once.ts'
import type { KeyPair } from '../s3/key-pair.ts'
import { getAcl, putAcl } from './acl.ts'
import { BucketLocks } from './bucket-locks.ts'
import { deleteVersion, writeDeleteMarker } from './deletes.ts'
import { LateAdministration } from './late-administration.ts'
import { Objects } from './objects.ts'
import type { CallOptions, ObjectStore } from './port.ts'
import { SignedCalls } from './signed-calls.ts'
import { getLock, getTags, putLock, putTags } from './tags-and-locks.ts'
import { Uploads } from './uploads.ts'
import { VersionListings } from './versions.ts'
import { BucketEndpoints } from './bucket-endpoints.ts'
import { ConnectionPool } from './wire/connection-pool.ts'
import { defaultTimeouts, type Timeouts } from './wire/request.ts'

export interface StoreOptions {
  readonly site: Site
  readonly keys: KeyPair
  /** Most connections to this site at one time: the number of requests its workers may have under way. */
  readonly sockets: number
  readonly timeouts?: Partial<Timeouts> | undefined
  /** Wall clock, epoch ms: dates the signatures. */
  readonly now?: (() => number) | undefined
  /** The site says that it, or a bucket of it, is in another region than it is set to, and is asked there. */
  readonly onRegion?: ((region: string) => void) | undefined
  /** A request goes out: for who counts what something costs. */
  readonly onRequest?: (() => void) | undefined
}

/** The store of one site. Opens no connection before it is asked something. */
export function createStore(options: StoreOptions): ObjectStore {
  const { site, keys, sockets, now = Date.now, onRequest } = options
  const timeouts: Timeouts = { ...defaultTimeouts, ...options.timeouts }
  const secureContext = once(() => secureContextOf(site))
  const pool = new ConnectionPool({
    sockets,
    timeouts,
    secureContext,
    insecureSkipVerify: site.tls.insecureSkipVerify,
    ticks: () => performance.now(),
  })
  const endpoints = new BucketEndpoints(site, keys, now, options.onRegion)
  const calls = new SignedCalls(site, keys, pool, timeouts, now, endpoints, onRequest)
  const locks = new BucketLocks(calls)
  const objects = new Objects(calls, locks)
  const uploads = new Uploads(calls, objects, locks)
  const listings = new VersionListings(calls)
  const buckets = new LateAdministration({ site, keys, timeouts, secureContext, endpoints, onRequest })
  return {
    ...versionCalls(calls, objects),
    createUpload: (version, call) => uploads.create(version, call),
    uploadPart: (upload, partNumber, body, call) => uploads.putPart(upload, partNumber, body, call),
    completeUpload: (upload, parts, identity, size, call) => uploads.complete(upload, parts, identity, size, call),
    abortUpload: (upload, call) => uploads.abort(upload, call),
    listParts: (upload, call) => uploads.listParts(upload, call),
    listVersions: (request, call) => listings.page(request, call),
    listingForm: () => listings.form,
    ...buckets.calls,
    ping: (call) => ping(calls, call),
    resize: (sockets) => pool.resize(sockets),
    // The SDK's part keeps no connection between its requests.
    retire: () => pool.retire(),
    close() {
      const words = 'Lockstep closed its connections to the site'
      const reason = new FaultError(fault('CANCELLED', words, { site: site.id }))
      pool.close(reason)
      buckets.close(reason)
    },
  }
}

type VersionCall =
  | 'get'
  | 'head'
  | 'presence'
  | 'put'
  | 'writeDeleteMarker'
  | 'deleteVersion'
  | 'getTags'
  | 'putTags'
  | 'getAcl'
  | 'putAcl'
  | 'getLock'
  | 'putLock'

function versionCalls(calls: SignedCalls, objects: Objects): Pick<ObjectStore, VersionCall> {
  return {
    get: (ref, call) => objects.get(ref, call),
    head: (ref, call) => objects.head(ref, call),
    presence: (ref, call) => objects.presence(ref, call),
    put: (version, body, call) => objects.put(version, body, call),
    writeDeleteMarker: (ref, identity, call) => writeDeleteMarker(calls, ref, identity, call),
    deleteVersion: (ref, identity, call) => deleteVersion(calls, ref, identity, call),
    getTags: (ref, call) => getTags(calls, ref, call),
    putTags: (ref, tags, call) => putTags(calls, ref, tags, call),
    getAcl: (ref, call) => getAcl(calls, ref, call),
    putAcl: (ref, acl, call) => putAcl(calls, ref, acl, call),
    getLock: (ref, call) => getLock(calls, ref, call),
    putLock: (ref, lock, call) => putLock(calls, ref, lock, call),
  }
}

async function ping(calls: SignedCalls, { signal }: CallOptions = {}): ReturnType<ObjectStore['ping']> {
  const { headers, rttMs } = await calls.exchange({ operation: 'Ping', method: 'HEAD', signal })
  const siteTime = Date.parse(headers['date'] ?? '')
  return { rttMs, siteTime: Number.isNaN(siteTime) ? null : siteTime, server: headers['server'] ?? null }
}

/** The site's own CA counts besides those that this machine trusts anyway. */
export function secureContextOf({ tls }: Site): SecureContext | undefined {
  if (tls.caFile === undefined) return undefined
  return createSecureContext({ ca: [...getCACertificates('default'), readFileSync(tls.caFile, 'utf8')] })
}
