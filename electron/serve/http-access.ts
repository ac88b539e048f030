import { createHash, timingSafeEqual } from 'node:crypto'

/** The parts of a request that decide whether it is answered. */
export interface AccessRequest {
  readonly method: string
  readonly path: string
  /** Value of `?token=` on the first page, null elsewhere. */
  readonly linkToken: string | null
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly fetchSite: string | undefined
  readonly authorization: string | undefined
  readonly cookies: string | undefined
}

export interface AccessSecrets {
  readonly cookieName: string
  /** Console links that nobody opened yet. */
  readonly links: ReadonlySet<string>
  readonly isSession: (token: string) => boolean
  readonly controlToken: string
}

export type Access =
  | { readonly kind: 'redeem'; readonly token: string }
  | { readonly kind: 'allow'; readonly as: 'console' | 'control' }
  | { readonly kind: 'refuse'; readonly status: 401 | 403 | 421; readonly text: string }

const loopbackNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const refuse = (status: 401 | 403 | 421, text: string): Access => ({ kind: 'refuse', status, text })

/** Decides one request. Only loopback names are answered, so that a foreign name that resolves here (DNS rebinding) is not. */
export function decideAccess(request: AccessRequest, secrets: AccessSecrets): Access {
  const host = request.host ?? ''
  if (!loopbackNames.has(host.replace(/:\d+$/, ''))) return refuse(421, 'Lockstep answers on loopback names only.')
  if (!isOwnOrigin(request, host)) return refuse(403, 'This request came from another web page.')
  if (request.linkToken !== null && holds(secrets.links, request.linkToken)) {
    return { kind: 'redeem', token: request.linkToken }
  }
  const bearer = /^Bearer (\S+)$/.exec(request.authorization ?? '')?.[1]
  if (bearer !== undefined && isSameSecret(bearer, secrets.controlToken)) return { kind: 'allow', as: 'control' }
  const session = cookieValue(request.cookies ?? '', secrets.cookieName)
  if (session === undefined || !secrets.isSession(session)) {
    return refuse(
      401,
      'Open the console by the link that Lockstep printed. A link works once: `lockstep console` makes another.',
    )
  }
  return changes(request.method) && request.origin === undefined
    ? refuse(403, 'This request does not say which page it came from.')
    : { kind: 'allow', as: 'console' }
}

const changes = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

/** A page on another port of this machine is the same *site* for cookies, so the origin is compared, port and all. */
function isOwnOrigin(request: AccessRequest, host: string): boolean {
  if (request.origin !== undefined) return request.origin === `http://${host}`
  const foreign = request.fetchSite === 'cross-site' || request.fetchSite === 'same-site'
  return !(foreign && request.path.startsWith('/api'))
}

function cookieValue(header: string, name: string): string | undefined {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}

function holds(secrets: ReadonlySet<string>, given: string): boolean {
  return [...secrets].some((secret) => isSameSecret(secret, given))
}

/** Compared as digests: equal length, and no telling from the time taken. */
function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
}
