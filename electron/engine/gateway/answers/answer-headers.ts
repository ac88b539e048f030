import { isMarkHeader } from '../../replicate/marks/origin.ts'
import type { HeaderMap } from '../../s3/headers.ts'

/** Of HTTP, with a meaning for an object or for a browser. */
const passed: ReadonlySet<string> = new Set(
  (
    'accept-ranges age allow cache-control content-disposition content-encoding content-language content-length content-range ' +
    'content-type etag expires last-modified retry-after vary'
  ).split(' '),
)

/** Where the site is, and who serves there. */
const kept: ReadonlySet<string> = new Set(['x-amz-id-2', 'x-amz-cf-id', 'x-amz-cf-pop'])

/**
 * Whether a client gets this header of a site's answer: those of S3, and of HTTP what concerns the object. Not the site's own
 * (server, location, cookies, extensions), what concerns its connection, nor our marks.
 */
function isForClients(name: string): boolean {
  if (passed.has(name)) return true
  if (name.startsWith('x-amz-')) return !kept.has(name) && !isMarkHeader(name)
  return name.startsWith('access-control-')
}

/** Node writes no header with other characters, and need not: a site that sends them has been talked into it. */
// oxlint-disable-next-line no-control-regex -- they are what a header must not hold
const unwritable = /[^\t\u0020-\u007e\u0080-\u00ff]/

/** A site's headers as clients get them; `changes` go over them, undefined takes one away. Names in lower case. */
export function answerHeaders(headers: HeaderMap, changes: HeaderMap = {}): Record<string, string> {
  const out: Record<string, string> = {}
  // Behind a content-length node would write it in another encoding than it came in.
  const disposition = headers['content-disposition']
  if (disposition !== undefined && !unwritable.test(disposition)) out['content-disposition'] = disposition
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && isForClients(name) && !(name in changes) && !unwritable.test(value)) out[name] = value
  }
  for (const name in changes) {
    const value = changes[name]
    if (value !== undefined && !isMarkHeader(name)) out[name] = value
  }
  return out
}
