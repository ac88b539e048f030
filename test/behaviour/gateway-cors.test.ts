import { once } from 'node:events'
import { createServer, request as sendRequest, type IncomingHttpHeaders } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { gatewayConfig, gatewayUrl, requests } from '../support/gateway.ts'
import { wholeAnswer } from '../support/gateway-raw.ts'
import { startWorld, type World } from '../support/world.ts'

const page = 'https://app.example'

interface Asked {
  readonly line: string
  readonly headers: IncomingHttpHeaders
}

/** Site a behind a front that answers preflights by a rule of one bucket, as a site with CORS rules does, and notes them. */
async function worldWithRules(): Promise<World & { readonly url: string; readonly asked: readonly Asked[] }> {
  const world = await startWorld({ stopped: true })
  const asked: Asked[] = []
  const front = createServer((request, response) => {
    const { method, url = '', headers } = request
    const allowed = url.startsWith('/data') && headers.origin === page
    if (method === 'OPTIONS') {
      asked.push({ line: `${method} ${url}`, headers })
      if (!allowed)
        return response.writeHead(403).end('<Error><Code>AccessForbidden</Code><Message>x</Message></Error>')
      return response
        .writeHead(200, {
          'access-control-allow-origin': page,
          'access-control-allow-methods': 'GET, PUT',
          'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
          'access-control-expose-headers': 'etag',
          'access-control-max-age': '60',
          vary: 'Origin',
          'x-site-secret': 'not for clients',
        })
        .end()
    }
    const behind = new URL(world.a.endpoint)
    const sent = sendRequest({ host: behind.hostname, port: behind.port, method, path: url, headers }, (answer) => {
      const cors = headers.origin === page ? { 'access-control-allow-origin': page, vary: 'Origin' } : {}
      response.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...cors })
      answer.pipe(response)
    })
    sent.on('error', () => response.destroy())
    request.pipe(sent)
  }).listen(0, '127.0.0.1')
  await once(front, 'listening')
  onTestFinished(() => {
    front.closeAllConnections()
    front.close()
  })
  const address = front.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { accessKeyId, secretAccessKey } = world.a
  const credentials = { accessKeyId, secretAccessKey }
  const b = { id: 'b', name: 'b', endpoint: world.b.endpoint, credentials }
  await world.start({
    sites: [{ id: 'a', name: 'a', endpoint: `http://127.0.0.1:${port}`, credentials }, b],
    gateway: gatewayConfig,
  })
  await world.settled()
  return { ...world, url: gatewayUrl(world.api()), asked }
}

/** As a browser sends it: unsigned. */
function ask(url: string, path: string, headers: Readonly<Record<string, string>>, method = 'OPTIONS') {
  return new Promise<{
    readonly status: number | undefined
    readonly headers: IncomingHttpHeaders
    readonly text: string
  }>((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const sent = sendRequest({ host: hostname, port, path, method, headers }, (answer) => {
      let text = ''
      answer.on('data', (bytes: Buffer) => (text += bytes.toString()))
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
    })
    sent.on('error', reject).end()
  })
}

const put = {
  origin: page,
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'authorization, x-amz-date',
}

test('a preflight is answered by the rules of its bucket, which get nothing else of it', async () => {
  const { url, asked } = await worldWithRules()
  const extra = {
    ...put,
    authorization: 'AWS4-HMAC-SHA256 x',
    cookie: 'c=1',
    'x-amz-acl': 'public-read',
    'x-forwarded-for': '1',
  }
  const answer = await ask(url, '/data/a%20b?acl&X-Amz-Signature=abc&uploadId=u', extra)
  expect([answer.status, answer.text]).toEqual([200, ''])
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': page,
    'access-control-allow-methods': 'GET, PUT',
    'access-control-allow-headers': 'authorization, x-amz-date',
    'access-control-max-age': '60',
    vary: 'Origin',
  })
  expect(answer.headers).not.toHaveProperty('x-site-secret')
  expect(asked.map(({ line }) => line)).toEqual(['OPTIONS /data/a%20b'])
  expect(Object.keys(asked[0]!.headers).toSorted()).toEqual([
    'access-control-request-headers',
    'access-control-request-method',
    'host',
    'origin',
  ])
})

test('what a preflight may not ask stays refused, and tells nothing of which buckets there are', async () => {
  const world = await worldWithRules()
  const { url, asked } = world
  const heard: Record<string, string> = {}
  const hear = async (name: string, path: string, headers: Readonly<Record<string, string>>): Promise<void> => {
    const { status, text } = await ask(url, path, headers)
    heard[name] = `${status} ${/<Code>(.*?)<\/Code>/.exec(text)?.[1]}`
  }
  await hear('another origin', '/data/k', { ...put, origin: 'https://evil.example' })
  await hear('a bucket without rules', '/private/k', put)
  const reached = asked.length
  await hear('a leading slash too many', '//private/k', put)
  await hear('the site’s administration', '/minio/admin/v3/info', put)
  await hear('the administration, encoded', '/%6Dinio/admin', put)
  await hear('Ceph’s administration', '/admin/user?uid=x', put)
  await hear('the list of buckets', '/', put)
  await hear('no origin', '/data/k', { 'access-control-request-method': 'PUT' })
  await hear('no method', '/data/k', { origin: page })
  await hear('a method of no request', '/data/k', { ...put, 'access-control-request-method': 'TRACE' })
  expect(heard).toEqual({
    'another origin': '403 AccessForbidden',
    'a bucket without rules': '403 AccessForbidden',
    'a leading slash too many': '400 InvalidBucketName',
    'the site’s administration': '403 AccessDenied',
    'the administration, encoded': '403 AccessDenied',
    'Ceph’s administration': '403 AccessDenied',
    'the list of buckets': '403 AccessDenied',
    'no origin': '400 InvalidRequest',
    'no method': '400 InvalidRequest',
    'a method of no request': '403 AccessForbidden',
  })
  expect(asked.length).toBe(reached)
  expect(requests(world)[0]).toMatchObject({ operation: 'Preflight', status: 403, code: 'AccessForbidden' })
})

test('a page may read what the bucket’s rules let it read: answers of the site, and refusals of the gateway', async () => {
  const { url } = await worldWithRules()
  const read = { url, key: 'k', method: 'GET', body: Buffer.alloc(0), contentLength: null }
  const answers = [
    await wholeAnswer({ ...read, headers: [['origin', page]] }),
    await wholeAnswer({ ...read, headers: [['origin', page]], secretAccessKey: 'another' }),
    await wholeAnswer({ ...read, headers: [['origin', 'https://evil.example']], secretAccessKey: 'another' }),
    await wholeAnswer({ ...read, bucket: 'minio', headers: [['origin', page]] }),
    await wholeAnswer({ ...read, secretAccessKey: 'another' }),
  ]
  expect(
    answers.map((text) => [Number(/ (\d+) /.exec(text)?.[1]), /access-control-allow-origin: (.*)\r/i.exec(text)?.[1]]),
  ).toEqual([
    [404, page],
    [403, page],
    [403, undefined],
    [403, undefined],
    [403, undefined],
  ])
})
