/**
 * A `Content-Encoding` without the transfer's own framing, which is no property of the content: some servers store it with
 * the object all the same.
 */
export function withoutAwsChunked(codings: string): string {
  if (!codings.includes('aws-chunked')) return codings
  return codings
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked')
    .join(',')
}
