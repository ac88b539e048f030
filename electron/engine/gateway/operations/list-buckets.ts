import { scanXml } from '../../s3/xml-scan.ts'
import type { ClientKey } from '../client-keys.ts'
import type { GatewayOperation } from '../context.ts'
import { Query } from '../../s3/query.ts'
import { S3Error } from '../../s3/s3-error.ts'
import { element, xmlDocument } from '../../s3/xml-write.ts'

const mostBuckets = 10_000

interface ListedBucket {
  readonly name: string
  readonly createdAt: string
}

/**
 * ListBuckets. The site is asked for all, in the one form that every site has; the answer is written from what was read of it,
 * so that each key sees its own buckets and nobody the site's account.
 */
export const listBuckets: GatewayOperation = async ({ siteId, upstream }, { call, grant, body, signal }) => {
  const asked = { ...call, query: new Query([]) }
  const answer = await upstream.send({ call: asked }, { siteId, body: await body.open(), stream: false, signal })
  if (answer.status >= 300) return { answer }
  const page = pageOf(readBuckets(answer.bytes), grant, call.query)
  const bytes = Buffer.from(pageXml(page))
  const headers = { 'content-type': 'application/xml', 'content-length': String(bytes.length) }
  return { answer: { ...answer, bytes }, headers }
}

function readBuckets(document: Buffer): readonly ListedBucket[] {
  const buckets: ListedBucket[] = []
  let root = ''
  let facts: Record<string, string> | null = null
  try {
    scanXml(document, {
      open: (name) => {
        root ||= name
        if (name === 'Bucket') facts = {}
      },
      close: (name) => {
        if (name !== 'Bucket' || facts === null) return
        const { Name: bucket, CreationDate: createdAt = '' } = facts
        if (bucket !== undefined) buckets.push({ name: bucket, createdAt })
        facts = null
      },
      leaf: (name, text) => {
        root ||= name
        if (facts !== null) facts[name] = text
      },
    })
  } catch (cause) {
    throw notUnderstood(cause)
  }
  if (root !== 'ListAllMyBucketsResult') throw notUnderstood(root)
  return buckets
}

const notUnderstood = (cause: unknown): S3Error =>
  new S3Error('ServiceUnavailable', { cause, message: 'The site’s list of its buckets cannot be read.' })

interface BucketPage {
  readonly buckets: readonly ListedBucket[]
  /** '' for none. */
  readonly prefix: string
  /** null on the last page. */
  readonly next: string | null
}

function pageOf(all: readonly ListedBucket[], { buckets: allowed }: ClientKey, query: Query): BucketPage {
  const limit = Number(query.get('max-buckets') ?? mostBuckets)
  if (limit < 1 || limit > mostBuckets)
    throw new S3Error('InvalidArgument', { message: `max-buckets is a number from 1 to ${mostBuckets}.` })
  const prefix = query.get('prefix') ?? ''
  const after = readToken(query.get('continuation-token'))
  const mayBeSeen = allowed.length === 0 ? () => true : (name: string) => allowed.includes(name)
  const rest = all
    .filter(({ name }) => name > after && name.startsWith(prefix) && mayBeSeen(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const buckets = rest.slice(0, limit)
  const last = buckets.at(-1)
  return { buckets, prefix, next: rest.length > limit && last !== undefined ? writeToken(last.name) : null }
}

const writeToken = (name: string): string => Buffer.from(name).toString('base64url')

/** The name that the page before ended with; '' for the first page. */
function readToken(token: string | undefined): string {
  if (token === undefined) return ''
  const name = Buffer.from(token, 'base64url').toString('utf8')
  if (name !== '' && writeToken(name) === token) return name
  throw new S3Error('InvalidArgument', { message: 'The continuation token provided is incorrect.' })
}

/** Clients of the gateway own nothing: one name stands for all. */
const ownerXml = '<Owner><ID>lockstep</ID><DisplayName>lockstep</DisplayName></Owner>'

function pageXml({ buckets, prefix, next }: BucketPage): string {
  const listed = buckets.map(
    ({ name, createdAt }) => `<Bucket>${element('Name', name)}${element('CreationDate', createdAt)}</Bucket>`,
  )
  return xmlDocument(
    'ListAllMyBucketsResult',
    `${ownerXml}<Buckets>${listed.join('')}</Buckets>${element('ContinuationToken', next)}${element('Prefix', prefix || null)}`,
  )
}
