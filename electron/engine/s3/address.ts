import { isIP } from 'node:net'
import type { Site } from '../../../shared/model/site.ts'
import { encodeKey, encodeUri } from './uri.ts'

/** Where to connect, and what to call it. */
export interface Host {
  readonly name: string
  readonly port: number
  readonly tls: boolean
  /** Value of the `Host` header. */
  readonly header: string
}

/** Where requests for a bucket and key go. */
export interface Address {
  host(bucket: string | undefined): Host
  /** The encoded path; nothing in it is ever normalised. */
  path(bucket: string | undefined, key: string | undefined): string
}

/** Path style (`host/bucket/key`) or virtual-host style (`bucket.host/key`), as the site wants it. */
export function createAddress(site: Pick<Site, 'endpoint' | 'pathStyle'>): Address {
  const url = new URL(site.endpoint)
  const base = url.pathname.replace(/\/+$/, '')
  const tls = url.protocol === 'https:'
  const port = url.port === '' ? (tls ? 443 : 80) : Number(url.port)
  const named = (name: string): Host => {
    const suffix = url.port === '' ? '' : `:${url.port}`
    return { name: name.replace(/^\[|\]$/g, ''), port, tls, header: `${name}${suffix}` }
  }
  const root = named(url.hostname)
  // An address has no sub-domains: buckets of such a site can only be in the path.
  const pathStyle = site.pathStyle || isIP(root.name) !== 0
  const byBucket = new Map<string, Host>()
  return {
    host(bucket) {
      if (pathStyle || bucket === undefined) return root
      const known = byBucket.get(bucket)
      if (known !== undefined) return known
      const host = named(`${bucket}.${url.hostname}`)
      byBucket.set(bucket, host)
      return host
    },
    path(bucket, key) {
      const inPath = pathStyle && bucket !== undefined ? `/${encodeUri(bucket)}` : ''
      return `${base}${inPath}${key === undefined ? '' : `/${encodeKey(key)}`}` || '/'
    },
  }
}
