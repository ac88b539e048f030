import { withoutBlanks, type HeaderMap } from '../../s3/headers.ts'

export interface ResponseHead {
  readonly status: number
  readonly headers: HeaderMap
  /** The server will take another request on this connection. */
  readonly keepAlive: boolean
}

/** How the end of a body is found. */
export type Framing =
  { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' } | { readonly kind: 'until-close' }

/** The peer does not speak HTTP as we know it; nothing more can be read from that connection. */
export class MalformedResponse extends Error {
  override readonly name = 'MalformedResponse'
}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/

/** Parses all up to the empty line (RFC 9112). Refuses what different readers could read differently. */
export function parseResponseHead(text: string): ResponseHead {
  let end = lineEnd(text, 0)
  const first = statusLine.exec(text.slice(0, end))
  if (first === null) throw new MalformedResponse('the answer is not HTTP/1.1')
  const headers: Record<string, string | undefined> = Object.create(null)
  for (let start = end + 2; start < text.length; start = end + 2) {
    end = lineEnd(text, start)
    const colon = text.indexOf(':', start)
    if (colon <= start || colon > end || text.charCodeAt(start) <= 32) {
      throw new MalformedResponse('the answer has a header line without a name')
    }
    const name = text.slice(start, colon).toLowerCase()
    const value = withoutBlanks(text.slice(colon + 1, end))
    const former = headers[name]
    headers[name] = former === undefined ? value : `${former}, ${value}`
  }
  const connection = headers['connection']?.toLowerCase() ?? ''
  const keepAlive = first[1] === '1' ? !connection.includes('close') : connection.includes('keep-alive')
  return { status: Number(first[2]), headers, keepAlive }
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\r\n', from)
  return at === -1 ? text.length : at
}

/** RFC 9112 §6.3. Two lengths that disagree, or a length beside chunks, are refused: that is how answers get swapped. */
export function framingOf(head: ResponseHead, method: string): Framing {
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return { kind: 'length', bytes: 0 }
  const coding = head.headers['transfer-encoding']
  const length = head.headers['content-length']
  if (coding !== undefined) {
    if (coding.toLowerCase() !== 'chunked' || length !== undefined) {
      throw new MalformedResponse('the answer’s length is ambiguous')
    }
    return { kind: 'chunked' }
  }
  if (length === undefined) return { kind: 'until-close' }
  if (!/^\d{1,15}$/.test(length)) throw new MalformedResponse('the answer’s length is not a number')
  return { kind: 'length', bytes: Number(length) }
}
