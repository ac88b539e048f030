import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { eventually } from '../support/eventually.ts'
import { createBucket } from '../support/world.ts'
import { openKeyboard, type Keyboard } from './keyboard.ts'
import { driversHere } from './launch.ts'
import { openTwoSites } from './two-sites.ts'

const root = path.resolve(import.meta.dirname, '../..')

beforeAll(() => ensureBuild(root, () => undefined), 120_000)

test.each(driversHere())(
  '%s: the keyboard alone pairs two sites, and always shows where it is',
  { timeout: 240_000 },
  async (driver) => {
    const { page, complaints, source, target, s3 } = await openTwoSites(driver)
    await createBucket(s3, 'ledger')
    const keyboard = await openKeyboard(page)
    await keyboard.press('Pair two sites')
    await atHeading(page, 'Pair two sites')

    await enterSite(keyboard, 'Berlin', source)
    await atField(page, 'Source bucket')
    await keyboard.type('ledger')
    await keyboard.key('Escape')
    await keyboard.press('Next: target')

    await atHeading(page, 'Where should they be too?')
    await keyboard.tabTo('Berlin')
    await keyboard.key('ArrowDown')
    await enterSite(keyboard, 'Oslo', target)
    await atField(page, 'Target bucket')
    await keyboard.key('Escape')
    await keyboard.press('Next: checks')

    await atHeading(page, 'Does everything fit?')
    await page.getByText('1 check failed: mend it, then run again.').waitFor()
    await keyboard.press('Create bucket ledger at Oslo with versioning')
    await page.getByText(/^(Everything fits\.|It fits, with \d+ warnings?\.)$/).waitFor()
    expect(await keyboard.isLost()).toBe(false)
    await keyboard.press('Next: buckets and rule')

    await atHeading(page, 'What is kept in step, and how?')
    await keyboard.press('Next: summary')
    await atHeading(page, 'Is this what you want?')
    await keyboard.press('Start')
    await atHeading(page, 'ledger-to-oslo')
    await page.getByRole('article').getByText('In step', { exact: true }).waitFor()
    expect(keyboard.unseen).toEqual([])
    expect(complaints).toEqual([])
  },
)

async function enterSite(keyboard: Keyboard, name: string, site: SandboxSite): Promise<void> {
  await keyboard.fill('Name', name)
  await keyboard.fill('Endpoint', site.endpoint)
  await keyboard.fill('Access key', site.accessKeyId)
  await keyboard.fill('Secret key', site.secretAccessKey)
  await keyboard.key('Enter')
}

/** A step or a page begins with the focus on its heading. */
async function atHeading(page: Page, name: string): Promise<void> {
  await focusIsOn(page.getByRole('heading', { name, exact: true }))
}

/** A site was connected: its form is gone, and the next question has the focus. */
async function atField(page: Page, label: string): Promise<void> {
  await focusIsOn(page.getByRole('combobox', { name: label }))
}

async function focusIsOn(wanted: Locator): Promise<void> {
  await wanted.waitFor()
  await eventually(
    async () => {
      const focused = await wanted.evaluate((element) =>
        element === document.activeElement ? 'here' : `on ${document.activeElement?.outerHTML.slice(0, 80)}`,
      )
      expect(focused).toBe('here')
    },
    { withinMs: 30_000 },
  )
}
