import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

const controlSchema = z.object({ url: z.url(), token: z.string().min(16), pid: z.int() })

/** How a script reaches the engine that runs on a data directory. The file is its owner's alone, because the token opens everything. */
export type Control = Readonly<z.infer<typeof controlSchema>>

const fileIn = (dataDir: string): string => path.join(dataDir, 'control.json')

export const newToken = (): string => randomBytes(32).toString('base64url')

export async function writeControl(dataDir: string, control: Control): Promise<void> {
  const draft = `${fileIn(dataDir)}.${control.pid}`
  await writeFile(draft, `${JSON.stringify(control)}\n`, { mode: 0o600 })
  await rename(draft, fileIn(dataDir))
}

/** null when no engine left word there. */
export async function readControl(dataDir: string): Promise<Control | null> {
  try {
    return controlSchema.parse(JSON.parse(await readFile(fileIn(dataDir), 'utf8')))
  } catch {
    return null
  }
}

export async function removeControl(dataDir: string): Promise<void> {
  await rm(fileIn(dataDir), { force: true })
}
