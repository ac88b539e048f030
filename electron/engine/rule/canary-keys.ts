/** Where the probes of a site write. All other names under it are a client's. */
export const canaryPrefix = '.lockstep-canary/'

/**
 * Behind a canary's key: keys that sort around a slash, in S3's order. On a file system the third lies in a folder whose name
 * none of the others may have.
 */
export const listingNeighbours = ['-around-b', '-around.b', '-around/b'] as const

/** In S3's order; the third lies below the first. */
export const nestedNeighbours = ['-c', '-c-1', '-c/1'] as const

/** Keys that some sites store under another one, with what may become of them. The last two differ in how the accent is written. */
export const oddNeighbours = {
  'double-slash': { keys: ['-slash//b'], becomes: ['-slash/b'] },
  'trailing-space': { keys: ['-space '], becomes: ['-space'] },
  'unicode-forms': { keys: ['-accent-\u00e9', '-accent-e\u0301'], becomes: [] },
} as const

/** Written only where it is not there yet. */
export const onceNeighbour = '-once'

/** All that a probe may find behind its own key: what it wrote, and what a site may have made of it. */
export const canaryNeighbours: readonly string[] = [
  ...listingNeighbours,
  ...nestedNeighbours,
  ...Object.values(oddNeighbours).flatMap(({ keys, becomes }) => [...keys, ...becomes]),
  onceNeighbour,
]

const uuidOfProbe = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
const behindUuid: ReadonlySet<string> = new Set(['', ...canaryNeighbours])

/** Is it a name that only a probe gives? Such a key is never replicated, listed as a difference, or counted; `compare` tells how many. */
export function isCanary(key: string): boolean {
  if (!key.startsWith(canaryPrefix)) return false
  const whole = key.slice(canaryPrefix.length)
  const name = whole.replace(/^trailer-/, '')
  const [uuid] = uuidOfProbe.exec(name) ?? []
  if (uuid === undefined) return false
  const behind = name.slice(uuid.length)
  return name === whole ? behindUuid.has(behind) : behind === ''
}
