/** A run of a body's bytes: a row of `small_body` or a file. A multipart object has one for each part. */
export interface Segment {
  readonly place: 'row' | 'file'
  readonly id: number
  readonly sizeBytes: number
}

/** One short text for the index: `r12:100,f13:5242880`. */
export function formatSegments(segments: readonly Segment[]): string {
  return segments.map(({ place, id, sizeBytes }) => `${place === 'row' ? 'r' : 'f'}${id}:${sizeBytes}`).join(',')
}

export function parseSegments(text: string): readonly Segment[] {
  if (text === '') return []
  return text.split(',').map((part) => {
    const colon = part.indexOf(':')
    return {
      place: part.startsWith('r') ? 'row' : 'file',
      id: Number(part.slice(1, colon)),
      sizeBytes: Number(part.slice(colon + 1)),
    }
  })
}

/** What to read for the bytes `first`–`last` (inclusive) of a body. */
export interface SegmentSlice {
  readonly segment: Segment
  readonly from: number
  readonly sizeBytes: number
}

export function sliceSegments(segments: readonly Segment[], first: number, last: number): readonly SegmentSlice[] {
  const slices: SegmentSlice[] = []
  let start = 0
  for (const segment of segments) {
    const from = Math.max(0, first - start)
    const until = Math.min(segment.sizeBytes, last + 1 - start)
    if (until > from) slices.push({ segment, from, sizeBytes: until - from })
    start += segment.sizeBytes
  }
  return slices
}
