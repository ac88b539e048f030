import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { launchBrowser, openConsole, type OpenOptions } from '../support/console-page.ts'
import { emptyWorld, fullWorld, type FakeWorld } from '../support/fake-world.ts'

const folder = join(import.meta.dirname, '../.artifacts/screenshots')

const pages = [
  '',
  'sites',
  'pair',
  'rules',
  'rules/RULE',
  'transfers',
  'failures',
  'activity',
  'gateway',
  'advisor',
  'settings',
] as const

const sizes = [
  [1440, 900],
  [1024, 700],
  [390, 844],
] as const

/** `npm run screenshots [-- PAGE …]`: every page of the console, full and empty, in three sizes, light and dark, to look at. */
export async function main(args: readonly string[]): Promise<number> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const browser = await launchBrowser()
  const chosen = pages.filter((page) => args.length === 0 || args.includes(nameOf(page)))
  const complaints: string[] = []
  try {
    for (const [state, world] of [
      ['full', fullWorld(Date.now())],
      ['empty', emptyWorld(Date.now())],
    ] as const)
      for (const [width, height] of sizes)
        for (const colorScheme of ['light', 'dark'] as const)
          complaints.push(...(await picture(browser, world, chosen, state, { width, height, colorScheme })))
  } finally {
    await browser.close()
  }
  process.stdout.write(`Pictures of ${chosen.length} pages are in ${folder}\n`)
  for (const complaint of complaints) process.stderr.write(`The browser complained: ${complaint}\n`)
  return complaints.length === 0 ? 0 : 1
}

const nameOf = (page: string): string =>
  page === '' ? 'overview' : page.split('/')[0]!.concat(page.includes('/') ? '-one' : '')

/** One console, every page of it; what the browser complained of. */
async function picture(
  browser: Browser,
  world: FakeWorld,
  chosen: readonly string[],
  state: string,
  look: OpenOptions,
): Promise<readonly string[]> {
  const open = await openConsole(browser, world, look)
  try {
    for (const path of chosen) {
      const [rule] = world.rules
      if (path.includes('RULE') && rule === undefined) continue
      await open.goTo(path.replace('RULE', encodeURIComponent(rule?.id ?? '')))
      await open.page.getByRole('heading', { level: 1 }).waitFor()
      await open.page.waitForLoadState('networkidle')
      const file = `${nameOf(path)}-${state}-${look.width}x${look.height}-${look.colorScheme}.png`
      await open.page.screenshot({ path: join(folder, file) })
    }
    return [...open.complaints]
  } finally {
    await open.close()
  }
}
