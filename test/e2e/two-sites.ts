import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { S3Client } from '@aws-sdk/client-s3'
import type { Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import type { ConfigInput } from '../../shared/model/config.ts'
import { s3Client } from '../support/s3-site.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'
import { launch, type Driver } from './launch.ts'

/** A console and two sites that it may be told of. All of it ends with the test. */
export interface TwoSites {
  readonly page: Page
  readonly complaints: readonly string[]
  readonly source: SandboxSite
  readonly target: SandboxSite
  /** The source's clients. */
  readonly s3: S3Client
  /** Quits the program; its exit code. */
  readonly quit: () => Promise<number | null>
}

/** `prepare` fills the sites before the program starts, and declares what it then knows; without it, it knows no site. */
export async function openTwoSites(
  driver: Driver,
  prepare: ((source: SandboxSite, target: SandboxSite) => Promise<ConfigInput>) | null = null,
): Promise<TwoSites> {
  const [source, target] = [await sandboxForTest(), await sandboxForTest()]
  const temp = await makeTempDir('e2e')
  const dataDir = path.join(temp.path, 'data')
  const configFile = path.join(temp.path, 'lockstep.config.json')
  if (prepare !== null) await writeFile(configFile, JSON.stringify(await prepare(source, target)), { mode: 0o600 })
  const { page, complaints, close } = await launch({ driver, dataDir, ...(prepare === null ? {} : { configFile }) })
  const s3 = s3Client(source)
  let quitting: Promise<number | null> | null = null
  const quit = (): Promise<number | null> => (quitting ??= close())
  onTestFinished(async ({ task }) => {
    const passed = task.result?.state === 'pass'
    if (!passed) await picture(page, path.join(temp.path, 'failed.png'))
    await quit()
    s3.destroy()
    if (passed) await temp.remove()
  })
  page.setDefaultTimeout(30_000)
  return { page, complaints, source, target, s3, quit }
}

/** What the page showed when the test failed, beside the data it was made from. */
async function picture(page: Page, file: string): Promise<void> {
  await page.screenshot({ path: file }).then(
    () => process.stderr.write(`The page is kept in ${file}\n`),
    () => undefined,
  )
}
