import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'

export interface StaticFile {
  readonly body: Buffer
  readonly type: string
  /** Names under `assets/` carry a hash of their content. */
  readonly immutable: boolean
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
}

/**
 * Finds the files of a folder by URL path; null for anything else. Paths are looked up in a table made from the folder,
 * never joined to it, so that no request can name a file outside.
 */
export function staticFiles(dir: string): (urlPath: string) => Promise<StaticFile | null> {
  const table = new Map(listFiles(dir).map((file) => [`/${path.relative(dir, file).split(path.sep).join('/')}`, file]))
  return async (urlPath) => {
    const name = urlPath === '/' ? '/index.html' : urlPath
    const file = table.get(name)
    if (file === undefined) return null
    const type = types[path.extname(file)] ?? 'application/octet-stream'
    return { body: await readFile(file), type, immutable: name.startsWith('/assets/') }
  }
}

function listFiles(dir: string): readonly string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.map'))
      .map((entry) => path.join(entry.parentPath, entry.name))
  } catch {
    // Not built yet: the host then answers with a page that says so.
    return []
  }
}
