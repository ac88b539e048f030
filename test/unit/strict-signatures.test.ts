import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { route } from '../../electron/engine/s3/route.ts'
import { canonicalRequest, hexHmac, signingKey, stringToSign } from '../../electron/engine/s3/sigv4.ts'
import { SignatureVerifier } from '../../electron/engine/s3/signature-verifier.ts'
import { parseQuery, canonicalQuery } from '../../electron/engine/s3/query.ts'

// Each of these is signed with the right secret: what is refused is that it can be read in more than one way.

const keys = { accessKeyId: 'AKID', secretAccessKey: 'secret/for+tests' }
const region = 'eu-test-1'
const now = Date.UTC(2026, 10, 21, 2, 3, 4)
const amzDate = '20261121T020304Z'
const scope = { date: '20261121', region, service: 's3' }
const credential = `${keys.accessKeyId}/${scope.date}/${region}/s3/aws4_request`
const verifier = new SignatureVerifier({
  region,
  secretOf: (given) => (given === keys.accessKeyId ? keys.secretAccessKey : undefined),
})

type Headers = Readonly<Record<string, string>>

function signatureOf(
  query: string,
  headers: Headers,
  signedHeaders: readonly string[],
  payloadHash: string,
  date: string,
): string {
  const canonical = canonicalRequest({
    method: 'GET',
    path: '/bucket/key',
    query: canonicalQuery(parseQuery(query)),
    headerLines: signedHeaders.map((name) => `${name}:${headers[name] ?? ''}\n`).join(''),
    signedHeaders: signedHeaders.join(';'),
    payloadHash,
  })
  const text = stringToSign(canonical, amzDate, { ...scope, date }, 'latin1')
  return hexHmac(signingKey(keys.secretAccessKey, { ...scope, date }), text)
}

function verify(query: string, headers: Headers): string {
  const target = `/bucket/key${query === '' ? '' : `?${query}`}`
  try {
    return verifier.verify({ ...route('GET', target, headers, { baseHosts: [] }), headers }, now).accessKeyId
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

interface Signed {
  readonly signedHeaders?: string
  readonly date?: string
  /** Over the usual fields, which it gets. */
  readonly authorization?: (fields: { credential: string; signedHeaders: string; signature: string }) => string
  readonly headers?: Headers
  readonly query?: string
}

function byHeader({
  signedHeaders = 'host;x-amz-content-sha256;x-amz-date',
  date = scope.date,
  ...more
}: Signed = {}): string {
  const headers = {
    host: 'site.test',
    'x-amz-date': amzDate,
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    ...more.headers,
  }
  const query = more.query ?? ''
  const signature = signatureOf(query, headers, signedHeaders.split(';'), 'UNSIGNED-PAYLOAD', date)
  const fields = { credential: credential.replace(scope.date, date), signedHeaders, signature }
  const authorization =
    more.authorization?.(fields) ??
    `Credential=${fields.credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
  return verify(query, { ...headers, authorization: `AWS4-HMAC-SHA256 ${authorization}` })
}

/** `expires` and the rest as they stand in the URL. */
function byQuery(
  more: {
    readonly expires?: string
    readonly before?: string
    readonly after?: string
    readonly headers?: Headers
  } = {},
): string {
  const headers = { host: 'site.test', ...more.headers }
  const parts = [
    more.before,
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Credential=${encodeURIComponent(credential)}`,
    `X-Amz-Date=${amzDate}`,
    `X-Amz-Expires=${more.expires ?? '60'}`,
    'X-Amz-SignedHeaders=host',
    more.after,
  ]
  const query = parts.filter((part) => part !== undefined).join('&')
  const signature = signatureOf(query, headers, ['host'], 'UNSIGNED-PAYLOAD', scope.date)
  return verify(`${query}&X-Amz-Signature=${signature}`, headers)
}

describe('a signature has one reading', () => {
  it('what is written as S3 says is taken', () => {
    expect([byHeader(), byQuery(), byQuery({ expires: '604800' })]).toEqual(['AKID', 'AKID', 'AKID'])
  })

  it.each(['1e3', '0x10', ' 5', '%205', '5%20', '+5', '%2B5', '-1', '5.0', '05', '', '604801', '1_0', 'Infinity', '٥'])(
    'X-Amz-Expires of “%s” is refused',
    (expires) => expect(['AuthorizationQueryParametersError', 'InvalidURI']).toContain(byQuery({ expires })),
  )

  it.each(['', '2026112', '20261120', '2026112１', '202611210'])('a credential date of “%s” is refused', (date) =>
    expect(['AuthorizationHeaderMalformed', 'AccessDenied']).toContain(byHeader({ date })),
  )

  it.each([
    'X-Amz-Expires=3600',
    'X-Amz-SignedHeaders=host',
    'X-Amz-Algorithm=AWS4-HMAC-SHA256',
    `X-Amz-Date=${amzDate}`,
  ])('a second %s in a URL is refused, before and behind the first', (again) =>
    expect([byQuery({ before: again }), byQuery({ after: again })]).toEqual([
      'AuthorizationQueryParametersError',
      'AuthorizationQueryParametersError',
    ]),
  )

  it('a second signature in a URL is refused', () => {
    const query = `X-Amz-Signature=${'0'.repeat(64)}`
    expect(byQuery({ before: query })).toBe('AuthorizationQueryParametersError')
  })

  it('fields of Authorization stand once, and no others do', () => {
    const zero = '0'.repeat(64)
    const heard = [
      byHeader({
        authorization: ({ credential: c, signedHeaders: h, signature: s }) =>
          `Credential=${c}, SignedHeaders=${h}, Signature=${zero}, Signature=${s}`,
      }),
      byHeader({
        authorization: ({ credential: c, signedHeaders: h, signature: s }) =>
          `Credential=X/20261121/r/s3/aws4_request, Credential=${c}, SignedHeaders=${h}, Signature=${s}`,
      }),
      byHeader({
        authorization: ({ credential: c, signedHeaders: h, signature: s }) =>
          `Credential=${c}, SignedHeaders=host, SignedHeaders=${h}, Signature=${s}`,
      }),
      byHeader({
        authorization: ({ credential: c, signedHeaders: h, signature: s }) =>
          `Credential=${c}, SignedHeaders=${h}, Signature=${s}, Extra=1`,
      }),
      byHeader({ authorization: ({ credential: c, signature: s }) => `Credential=${c}, Signature=${s}` }),
    ]
    expect(new Set(heard)).toEqual(new Set(['AuthorizationHeaderMalformed']))
  })

  it('a request that is signed in its header and in its query is refused', () => {
    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=${'0'.repeat(64)}`
    expect([byHeader({ query }), byQuery({ headers: { authorization: 'Basic YTpi' } })]).toEqual([
      'InvalidArgument',
      'InvalidArgument',
    ])
  })

  it('a header is signed once, by its name in lower case, and the host always', () => {
    const heard = [
      'host;host;x-amz-content-sha256;x-amz-date',
      'Host;host;x-amz-content-sha256;x-amz-date',
      ';host;x-amz-content-sha256;x-amz-date',
      'x-amz-content-sha256;x-amz-date',
    ].map((signedHeaders) => byHeader({ signedHeaders }))
    for (const code of heard) expect(['AuthorizationHeaderMalformed', 'AccessDenied']).toContain(code)
  })

  it('a signature that names a long header over and over costs nobody its memory', () => {
    const long = 'x'.repeat(16_000)
    const signedHeaders = `host;${'x-long;'.repeat(2_000)}x-amz-content-sha256;x-amz-date`
    const before = process.memoryUsage().heapUsed
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${'0'.repeat(64)}`
    const headers = {
      host: 'site.test',
      'x-amz-date': amzDate,
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      'x-long': long,
      authorization,
    }
    expect(verify('', headers)).toBe('AuthorizationHeaderMalformed')
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 1024 * 1024)
  })

  it.each(['yesterday', '1', '2026', '20261121', 'Sat, 21 Nov 2026 02:03:04'])('a Date of “%s” is no date', (date) => {
    const headers = { host: 'site.test', date, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }
    const signature = createHmac('sha256', 'any').update('x').digest('hex')
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host;x-amz-content-sha256, Signature=${signature}`
    expect(verify('', { ...headers, authorization })).toBe('AccessDenied')
  })
})
