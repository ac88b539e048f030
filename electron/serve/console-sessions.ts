import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

const fileSchema = z.object({
  port: z.int().min(1).max(65_535),
  sessions: z.array(z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), openedAt: z.number() })),
})
type SavedSessions = z.infer<typeof fileSchema>

/** A browser that stays open longer opens a new link. */
const lastsMs = 30 * 86_400_000
const most = 64

/** The browsers that opened a console link. */
export interface ConsoleSessions {
  /** Where the console was served last: a page that is still open asks there. null when it never was. */
  readonly lastPort: number | null
  has(token: string): boolean
  /** On disk when it resolves. */
  add(token: string): Promise<void>
  /** The console is served here now. */
  servedOn(port: number): Promise<void>
}

/**
 * Kept over a restart in a file that is its owner's alone, so that an open page goes on. It holds digests: who reads it
 * cannot make a cookie of them. A file that cannot be read means that every page asks for a new link.
 */
export async function openConsoleSessions(dataDir: string, now: () => number): Promise<ConsoleSessions> {
  const file = path.join(dataDir, 'sessions.json')
  const kept = await read(file)
  let port = kept?.port ?? null
  let sessions = kept?.sessions ?? []
  let writing: Promise<void> = Promise.resolve()
  const isOpen = ({ openedAt }: SavedSessions['sessions'][number]): boolean =>
    openedAt <= now() && now() - openedAt < lastsMs
  const write = (): Promise<void> => {
    const draft = `${file}.${process.pid}`
    // One after the other: two drafts of one name would mix.
    writing = writing.then(async () => {
      await writeFile(draft, `${JSON.stringify({ port, sessions })}\n`, { mode: 0o600 })
      await rename(draft, file)
    })
    const written = writing
    writing = writing.catch(() => undefined)
    return written
  }
  return {
    lastPort: port,
    has: (token) => {
      const digest = digestOf(token)
      return sessions.some((session) => session.digest === digest && isOpen(session))
    },
    add: (token) => {
      sessions = [...sessions.filter(isOpen), { digest: digestOf(token), openedAt: now() }].slice(-most)
      return write()
    },
    servedOn: (at) => {
      port = at
      return write()
    },
  }
}

async function read(file: string): Promise<SavedSessions | null> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}

/** Compared as digests of unguessable tokens: the time that it takes tells nothing of the token. */
const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex')
