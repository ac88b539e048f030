import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newToken } from '../../electron/serve/control-file.ts'
import { openConsoleSessions } from '../../electron/serve/console-sessions.ts'
import { startHttpHost, type HttpHost } from '../../electron/serve/http-host.ts'
import type { Router } from '../../shared/api/router.ts'
import { batch, emptyOverview, hostApi } from './host-fake-api.ts'

const controlToken = newToken()
let dir: string
let host: HttpHost
let ended: Promise<void>

beforeEach(async () => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'lockstep-host-'))
  mkdirSync(path.join(dir, 'renderer/assets'), { recursive: true })
  writeFileSync(path.join(dir, 'renderer/index.html'), '<title>Lockstep</title>')
  writeFileSync(path.join(dir, 'renderer/assets/a.js'), 'ok')
  writeFileSync(path.join(dir, 'secret'), 'not for you')
  const end = Promise.withResolvers<void>()
  ended = end.promise
  const api = hostApi({
    overview: { get: () => emptyOverview },
    rules: { pause: () => ({ id: 'r' }) as never },
    live: {
      async *watch(signal) {
        yield batch(1)
        yield batch(2)
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        end.resolve()
      },
    },
  })
  host = await startHttpHost({
    api,
    rendererDir: path.join(dir, 'renderer'),
    host: '127.0.0.1',
    port: 0,
    controlToken,
    sessions: await openConsoleSessions(dir, Date.now),
    newToken,
  })
})
afterEach(async () => {
  await host.close()
  rmSync(dir, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly text: string
}

/** `fetch` sets Host and normalises paths, so the raw client is used. */
function ask(target: string, headers: OutgoingHttpHeaders = {}, method = 'GET', body = ''): Promise<Answer> {
  const { hostname, port } = new URL(host.url)
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path: target, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.on('error', reject).end(body)
  })
}

async function signIn(): Promise<string> {
  const { pathname, search } = new URL(host.consoleUrl)
  const { headers } = await ask(pathname + search)
  return String(headers['set-cookie']).split(';')[0] ?? ''
}

test('a console link works once and leaves a cookie that scripts and other sites cannot use', async () => {
  const { pathname, search } = new URL(host.consoleUrl)
  const first = await ask(pathname + search)
  expect(first).toMatchObject({ status: 303, headers: { location: '/' } })
  expect(String(first.headers['set-cookie'])).toMatch(/^lockstep-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/)
  expect(await ask(pathname + search)).toMatchObject({ status: 401 })
})

test('the console is served with a strict policy and nothing beside its folder is', async () => {
  const cookie = await signIn()
  const page = await ask('/', { cookie })
  expect(page).toMatchObject({ status: 200, text: '<title>Lockstep</title>' })
  expect(page.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
  expect(String(page.headers['content-security-policy'])).toContain("default-src 'none'; script-src 'self'")
  expect(await ask('/assets/a.js', { cookie })).toMatchObject({ status: 200, text: 'ok' })
  for (const path of ['/../secret', '/..%2fsecret', '/assets/../../secret', '/%2e%2e/secret', '//secret', '/assets']) {
    expect(await ask(path, { cookie }), path).toMatchObject({ status: 404 })
  }
})

test('without a session nothing is answered, page, file or API', async () => {
  for (const path of ['/', '/assets/a.js', '/api/overview.get', '/?token=wrong', '/console-link']) {
    expect(await ask(path), path).toMatchObject({ status: 401 })
  }
  expect(await ask('/api/overview.get', { authorization: 'Bearer wrong' })).toMatchObject({ status: 401 })
})

test('a foreign host name is refused even with the session (DNS rebinding)', async () => {
  const cookie = await signIn()
  expect(await ask('/api/overview.get', { cookie, host: 'evil.example:80' })).toMatchObject({ status: 421 })
})

test('a page on another origin can neither read nor change anything, even on another port of this machine', async () => {
  const cookie = await signIn()
  const origin = 'http://127.0.0.1:1'
  const pause = JSON.stringify({ id: 'r' })
  const json = { cookie, 'content-type': 'application/json' }
  expect(await ask('/api/rules.pause', { ...json, origin }, 'POST', pause)).toMatchObject({ status: 403 })
  expect(await ask('/api/rules.pause', json, 'POST', pause)).toMatchObject({ status: 403 })
  expect(await ask('/api/overview.get', { cookie, 'sec-fetch-site': 'same-site' })).toMatchObject({ status: 403 })
  expect(await ask('/api/rules.pause', { ...json, origin: host.url }, 'POST', pause)).toMatchObject({ status: 200 })
  expect((await ask('/api/overview.get', { cookie })).headers).not.toHaveProperty('access-control-allow-origin')
})

test('a script with the control token calls in batches and reads faults whole', async () => {
  const headers = { authorization: `Bearer ${controlToken}` }
  const url = `${host.url}/api`
  const client = createTRPCClient<Router>({ links: [httpBatchLink({ url, headers })] })
  const [overview, refused] = await Promise.all([
    client.overview.get.query(),
    client.sites.list.query().catch((error: { data: unknown }) => error.data),
  ])
  expect(overview).toEqual(emptyOverview)
  expect(refused).toMatchObject({ fault: { code: 'NOT_SUPPORTED', message: 'sites.list is not part of this test.' } })
})

test('a subscription streams its batches and ends in the engine when the listener leaves', async () => {
  const leave = new AbortController()
  const headers = { authorization: `Bearer ${controlToken}` }
  const response = await fetch(`${host.url}/api/live.watch`, { headers, signal: leave.signal })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('"seq":2')) text += (await reader?.read())?.value ?? ''
  leave.abort()
  await ended
  expect(response.headers.get('content-type')).toContain('text/event-stream')
})

test('only loopback is listened on', async () => {
  const sessions = await openConsoleSessions(dir, Date.now)
  const options = { api: hostApi({}), rendererDir: dir, host: '0.0.0.0', port: 0, controlToken, sessions, newToken }
  await expect(startHttpHost(options)).rejects.toMatchObject({ fault: { code: 'CONFIG_INVALID' } })
})

test('a session outlives the host for thirty days, on disk as a digest that opens nothing, and no more than 64 are kept', async () => {
  const day = 86_400_000
  let now = 1000
  const open = () => openConsoleSessions(dir, () => now)
  const first = await open()
  await first.servedOn(7400)
  await Promise.all(Array.from({ length: 70 }, (_, at) => first.add(`token-${at}`)))
  const again = await open()
  expect([again.lastPort, again.has('token-5'), again.has('token-6'), again.has('token-69')]).toEqual([
    7400,
    false,
    true,
    true,
  ])
  const text = readFileSync(path.join(dir, 'sessions.json'), 'utf8')
  expect(text).not.toContain('token-69')
  const digest = JSON.parse(text).sessions.at(-1).digest
  expect(again.has(digest)).toBe(false)
  expect(statSync(path.join(dir, 'sessions.json')).mode & 0o077).toBe(0)
  now += 30 * day
  expect(again.has('token-69')).toBe(false)
  now = 0
  expect(again.has('token-69')).toBe(false)
  for (const damaged of ['', '{', '{"port":7400}', '{"port":0,"sessions":[]}']) {
    writeFileSync(path.join(dir, 'sessions.json'), damaged)
    expect((await open()).lastPort).toBeNull()
  }
})

test('a page without a known session reads the refusal of a call as a fault, in a batch too', async () => {
  const client = createTRPCClient<Router>({ links: [httpBatchLink({ url: `${host.url}/api` })] })
  const faults = await Promise.all(
    [client.overview.get.query(), client.sites.list.query()].map((call) =>
      call.then(
        () => null,
        (error: { data: { fault: { code: string } } }) => error.data.fault.code,
      ),
    ),
  )
  expect(faults).toEqual(['SESSION_UNKNOWN', 'SESSION_UNKNOWN'])
})
