import { faultAt, type FaultContext } from '../../base/errors.ts'
import type { HeaderPair } from '../../s3/headers.ts'

export interface RequestHead {
  readonly method: string
  /** Encoded. */
  readonly path: string
  /** Encoded; '' for none. */
  readonly query: string
  /** The signature's among them, where there is one. */
  readonly headers: readonly HeaderPair[]
  /** null sends no Content-Length. */
  readonly sizeBytes: number | null
  /** Ask for `100 Continue` before the body is sent. */
  readonly expectContinue: boolean
}

/** Request line and headers with the closing empty line, latin1. Throws a REQUEST_REFUSED fault for what HTTP cannot carry. */
export function requestHead(request: RequestHead, context: FaultContext): string {
  const { method, path, query, headers, sizeBytes, expectContinue } = request
  let head = `${method} ${path}${query === '' ? '' : `?${query}`} HTTP/1.1\r\n`
  for (const [name, value] of headers) {
    if (unfitForHeader.test(value))
      throw faultAt('REQUEST_REFUSED', `header ${name} holds characters that HTTP cannot carry`, context)
    head += `${name}: ${value}\r\n`
  }
  if (sizeBytes !== null) head += `content-length: ${sizeBytes}\r\n`
  return `${head}${expectContinue ? 'expect: 100-continue\r\n' : ''}\r\n`
}

// eslint-disable-next-line no-control-regex -- the rule of RFC 9110 §5.5: nothing that could end the header
const unfitForHeader = /[^\t\x20-\x7e\x80-\xff]/
