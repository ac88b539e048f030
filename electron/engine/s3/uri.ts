/** A name and a value of a query, decoded. */
export type QueryPair = readonly [name: string, value: string]

/** Percent-encodes every byte but the unreserved ones of RFC 3986, as SigV4 demands. Throws URIError on a lone surrogate. */
export const encodeUri = (text: string): string => encodeURIComponent(text).replace(/[!'()*]/g, percent)

const percent = (found: string): string => `%${found.charCodeAt(0).toString(16).toUpperCase()}`

/** A key in a path or a listing: its slashes stay. */
export const encodeKey = (key: string): string => (plainKey.test(key) ? key : encodeUri(key).replaceAll('%2F', '/'))

const plainKey = /^[A-Za-z0-9\-._~/]*$/

/** Encoded and sorted as SigV4 wants it; '' when there is nothing to send. */
export function encodeQuery(pairs: readonly QueryPair[]): string {
  if (pairs.length === 0) return ''
  return pairs
    .map(([name, value]) => [encodeUri(name), encodeUri(value)] as const)
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
