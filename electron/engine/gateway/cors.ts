import type { IncomingHttpHeaders } from 'node:http'
import type { WireAnswer } from '../store/wire/request.ts'
import type { GatewayContext } from './context.ts'
import type { Reply } from './exchange.ts'
import { checkBucketName } from './grant-limits.ts'
import { checkKey } from './protocol/key.ts'
import type { Routed } from '../s3/route.ts'
import { S3Error } from '../s3/s3-error.ts'

type CorsTarget = Pick<Routed, 'bucket' | 'key'>

interface CorsPreflight {
  readonly origin: string
  readonly method: string
  /** As the browser lists them; null where it asks for none. */
  readonly headers: string | null
}

/** A site that has not answered by then keeps nobody waiting for a browser's permission. */
const timeoutMs = 10_000
const shortTimeoutMs = 2_000

/**
 * A browser's question before a request to another origin. It is unsigned by its nature (Fetch standard), so that nothing of
 * it goes on but whose rules are asked and for what: the bucket's own CORS rules at the site answer, unsigned too.
 */
export async function preflight(
  context: GatewayContext,
  asked: CorsTarget,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
): Promise<Reply> {
  const question = readQuestion(headers)
  checkBucketName(asked.bucket)
  checkKey(asked.key)
  const allowed = allowedBy(await ask(context, asked, question, timeoutMs, signal))
  // Whether there is such a bucket is nobody's business who has not signed.
  if (allowed === null) throw new S3Error('AccessForbidden')
  return { answer: { status: 200, headers: allowed, bytes: Buffer.alloc(0), stream: null } }
}

/**
 * What lets a page of another origin read a refusal of the gateway itself: exactly what the site's rules for the bucket say.
 * Without it a browser shows its page nothing. {} where they allow nothing, or cannot be asked.
 */
export async function corsOfRefusal(
  context: GatewayContext,
  asked: CorsTarget,
  method: string,
  origin: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  try {
    checkBucketName(asked.bucket)
    checkKey(asked.key)
    const question = readQuestion({ origin, 'access-control-request-method': method })
    const allowed = allowedBy(await ask(context, asked, question, shortTimeoutMs, signal))
    return Object.fromEntries(Object.entries(allowed ?? {}).filter(([name]) => ofAnswers.has(name)))
  } catch {
    // The refusal goes out as it is.
    return {}
  }
}

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE'])
/** Of a preflight's answer, what belongs to every other answer too. */
const ofAnswers: ReadonlySet<string> = new Set([
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
  'vary',
])
const printable = (text: string | undefined, longest: number): text is string =>
  text !== undefined && text.length <= longest && /^[ -~]+$/.test(text)

function readQuestion(headers: IncomingHttpHeaders): CorsPreflight {
  const method = headers['access-control-request-method']
  const asked = headers['access-control-request-headers']
  if (!printable(headers.origin, 1024) || !printable(method, 16))
    throw new S3Error('InvalidRequest', {
      message: 'A preflight names its origin in Origin, and its method in Access-Control-Request-Method.',
    })
  if (!methods.has(method) || (asked !== undefined && !/^[\w!#$%&'*+.^`|~, \t-]{0,4096}$/.test(asked)))
    throw new S3Error('AccessForbidden')
  return { origin: headers.origin, method, headers: asked === undefined || asked === '' ? null : asked }
}

function ask(
  { siteId, upstream }: GatewayContext,
  { bucket, key }: CorsTarget,
  { origin, method, headers }: CorsPreflight,
  responseMs: number,
  signal: AbortSignal,
): Promise<WireAnswer> {
  const question = { origin, 'access-control-request-method': method }
  const named = headers === null ? question : { ...question, 'access-control-request-headers': headers }
  return upstream.preflight(siteId, { bucket, key, headers: Object.entries(named), responseMs, signal })
}

/** Built anew of what the answer says; null when the rules allow nothing. */
function allowedBy({ status, headers }: WireAnswer): Record<string, string> | null {
  if (status >= 300 || headers['access-control-allow-origin'] === undefined) return null
  const allowed: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && (name === 'vary' || name.startsWith('access-control-'))) allowed[name] = value
  }
  return allowed
}
