/** Inclusive. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/**
 * Reads a Range header for a body of that size. null means the whole body: no range, a malformed one, or several (which
 * S3 does not serve). `unsatisfiable` when it lies outside.
 */
export function parseRange(text: string | undefined, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? '')
  if (match === null) return null
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return null
  if (from === '') return suffix(Number(to), sizeBytes)
  const first = Number(from)
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1)
  if (to !== '' && Number(to) < first) return null
  return first >= sizeBytes ? 'unsatisfiable' : { first, last }
}

function suffix(count: number, sizeBytes: number): ByteRange | 'unsatisfiable' {
  if (count === 0 || sizeBytes === 0) return 'unsatisfiable'
  return { first: Math.max(0, sizeBytes - count), last: sizeBytes - 1 }
}
