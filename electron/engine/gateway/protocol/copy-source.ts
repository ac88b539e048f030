import { decodePercent } from '../../s3/query.ts'
import { checkKey } from './key.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { encodeKey, encodeUri } from '../../s3/uri.ts'

/** The version that a copy is made of: `read` is needed for it. */
export interface CopySource {
  readonly bucket: string
  readonly key: string
  /** null for the newest. */
  readonly versionId: string | null
  /** As the site gets it: written in one way only, so that nobody reads another bucket out of it than was admitted. */
  readonly header: string
}

const versionMark = '?versionId='

/** Reads `x-amz-copy-source`: `[/]bucket/key[?versionId=…]`, percent-encoded. */
export function parseCopySource(text: string): CopySource {
  const mark = text.lastIndexOf(versionMark)
  const path = decodePercent(utf8((mark < 0 ? text : text.slice(0, mark)).replace(/^\//, '')))
  const slash = path.indexOf('/')
  if (slash <= 0 || slash === path.length - 1) throw malformed('it must name a bucket and a key')
  const bucket = path.slice(0, slash)
  const key = path.slice(slash + 1)
  checkKey(key)
  const versionId = mark < 0 ? null : decodePercent(text.slice(mark + versionMark.length))
  // oxlint-disable-next-line no-control-regex -- they are what an id must not hold
  if (versionId !== null && !/^[^\u0000-\u0020\u007f]{1,1024}$/.test(versionId))
    throw malformed('its version id is empty or not one')
  const version = versionId === null ? '' : `${versionMark}${encodeUri(versionId)}`
  const header = `/${encodeUri(bucket)}/${encodeKey(key)}${version}`
  return { bucket, key, versionId, header }
}

/** Header text comes a character a byte; what is beyond ASCII in it was meant as UTF-8. */
function utf8(text: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII reads the same in both encodings
  if (/^[\u0000-\u007f]*$/.test(text)) return text
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
  } catch (cause) {
    throw malformed('it is not UTF-8', cause)
  }
}

const malformed = (why: string, cause?: unknown): S3Error =>
  new S3Error('InvalidArgument', { message: `x-amz-copy-source cannot be read: ${why}.`, cause })
