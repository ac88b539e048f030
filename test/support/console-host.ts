import { readFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { build } from 'vite'
import type { EngineApi } from '../../shared/api/engine-api.ts'
import { router } from '../../shared/api/router.ts'

/** The built console and the real router over it, on loopback. */
export interface ConsoleHost {
  readonly url: string
  stop(): Promise<void>
}

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** Builds the console into the directory given. */
export async function buildConsole(outDir: string): Promise<void> {
  const configFile = join(import.meta.dirname, '../../renderer/vite.config.ts')
  await build({ configFile, logLevel: 'error', build: { outDir, emptyOutDir: true } })
}

export async function startConsoleHost(api: EngineApi, filesDir: string, port = 0): Promise<ConsoleHost> {
  const answer = createHTTPHandler({ router, createContext: async () => ({ api }), basePath: '/api/' })
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/api/')) answer(request, response)
    else void sendFile(filesDir, request.url ?? '/', response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: taken } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${taken}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function sendFile(filesDir: string, url: string, response: ServerResponse): Promise<void> {
  const path = normalize(new URL(url, 'http://localhost').pathname)
  const name = path === '/' ? '/index.html' : path
  try {
    const body = await readFile(join(filesDir, name))
    response.writeHead(200, { 'content-type': contentTypes[extname(name)] ?? 'application/octet-stream' }).end(body)
  } catch {
    response.writeHead(404).end()
  }
}
