/**
 * Could a server that keeps objects as files take this key for another, as a path is resolved (`a//b`, `a/./b`, `/b`)? All others it
 * can tell apart.
 */
export function mayFold(key: string): boolean {
  const segments = key.split('/')
  return segments.slice(0, -1).includes('') || segments.some((segment) => segment === '.' || segment === '..')
}
