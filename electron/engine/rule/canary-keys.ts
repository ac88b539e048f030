/** Where the probes of a site write. All other names under it are a client's. */
export const canaryPrefix = '.lockstep-canary/'

/**
 * Behind a canary's key: keys that sort around a slash, in S3's order. On a file system the third lies in a folder whose name
 * none of the others may have.
 */
export const listingNeighbours = ['-around-b', '-around.b', '-around/b'] as const

const uuidOfProbe = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
const behindUuid: ReadonlySet<string> = new Set(['', ...listingNeighbours])

/** Is it a name that only a probe gives? Such a key is never replicated, listed as a difference, or counted; `compare` tells how many. */
export function isCanary(key: string): boolean {
  if (!key.startsWith(canaryPrefix)) return false
  const name = key.slice(canaryPrefix.length).replace(/^trailer-/, '')
  const [uuid] = uuidOfProbe.exec(name) ?? []
  return uuid !== undefined && behindUuid.has(name.slice(uuid.length))
}
