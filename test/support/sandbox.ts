import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  createSandboxSite,
  type SandboxSite,
  type SandboxSiteOptions,
} from '../../electron/engine/sandbox/sandbox-site.ts'
import { makeTempDir } from './temp.ts'

export type SandboxOptions = Partial<SandboxSiteOptions>

/** Keys of every sandbox in the tests; they open nothing else. */
export const sandboxKeys = { accessKeyId: 'SANDBOXACCESSKEY', secretAccessKey: 'sandbox/secret+key' } as const

/** A sandbox site in a directory of its own; the caller closes it. */
export async function startSandbox(options: SandboxOptions = {}): Promise<SandboxSite & { readonly dir: string }> {
  const temp = options.dir === undefined ? await makeTempDir('sandbox') : null
  const dir = options.dir ?? join(temp!.path, 'site')
  const site = await createSandboxSite({ ...sandboxKeys, ...options, dir })
  const close = async (): Promise<void> => {
    await site.close()
    await temp?.remove()
  }
  return { ...site, dir, close }
}

/** A sandbox site that is closed, and whose directory is removed, when the test ends. */
export async function sandboxForTest(options: SandboxOptions = {}): Promise<SandboxSite & { readonly dir: string }> {
  const site = await startSandbox(options)
  onTestFinished(() => site.close())
  return site
}
