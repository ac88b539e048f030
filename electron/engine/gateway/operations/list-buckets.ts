import { childText, parseXml } from '../protocol/xml.ts'
import type { Operation } from '../exchange.ts'

/** ListBuckets: a key that is limited to buckets sees those, and no others. */
export const listBuckets: Operation = async ({ siteId, upstream }, exchange) => {
  const { grant } = exchange
  const limited = grant.buckets.length > 0
  const body = await exchange.body.open()
  const answer = await upstream.send(exchange, { siteId, body, stream: !limited, signal: exchange.signal })
  if (!limited || answer.status >= 300) return { answer }
  const bytes = Buffer.from(withoutOthers(answer.bytes.toString('utf8'), grant.buckets))
  return { answer: { ...answer, bytes }, headers: { 'content-length': String(bytes.length) } }
}

/** The document is left as it is but for the buckets that are not the client's. */
function withoutOthers(xml: string, buckets: readonly string[]): string {
  return xml.replace(/<Bucket>.*?<\/Bucket>/gs, (found) => {
    const bucket = parseXml(found, 'Bucket')
    const name = bucket === null ? undefined : childText(bucket, 'Name')
    return name !== undefined && buckets.includes(name) ? found : ''
  })
}
