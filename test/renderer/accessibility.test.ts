import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openConsole } from '../support/console-page.ts'
import { openGateway } from '../support/fake-gateway.ts'
import { driftBuckets, emptyWorld, fullWorld, type FakeWorld } from '../support/fake-world.ts'

let browser: Browser
let axeSource: string
beforeAll(async () => {
  browser = await launchBrowser()
  axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
})
afterAll(() => browser.close())

const rules: RunOptions = {
  runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
  resultTypes: ['violations'],
}

/** What axe objects to on the page as it stands, in a form that a failed test can show. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource)
  const results = await page.evaluate(
    (options) => (window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run(options),
    rules,
  )
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)
}

/** Every kind of thing, few of each: axe looks at every element, and a hundred equal rows teach it nothing. */
function smallWorld(): FakeWorld {
  const world = fullWorld(Date.now())
  world.rules = world.rules.slice(0, 9)
  world.transfers = world.transfers.slice(0, 8)
  world.activity = world.activity.slice(0, 110)
  openGateway(world)
  driftBuckets(world)
  world.demo = { targetBroken: false, targetSite: 'oslo' }
  return world
}

const views: readonly (readonly [path: string, ready: string])[] = [
  ['', '10 links'],
  ['sites', 'Lyon (archive)'],
  ['sites?site=lyon', 'Health, of the last 60 probes'],
  ['sites?site=berlin', 'keeps no versions any more'],
  ['sites?add=true', 'Enter them; they are kept encrypted'],
  ['rules', 'backups-daily-to-oslo-2'],
  ['rules/photos-to-oslo?report=compare-2', 'What differs'],
  ['rules/photos-to-oslo?edit=true', 'Save the rule'],
  ['rules/backups-daily-to-oslo-2', 'These deletes are wanted: release the brake'],
  ['gateway', 'Recent requests'],
  ['transfers', '8 objects in flight'],
  ['failures', '5,000 items not in step'],
  ['failures?item=10003', 'Retry this item'],
  ['activity', 'Load older'],
  ['settings', 'Save the workers'],
  ['pair', 'Where are the objects?'],
  ['advisor?rule=photos-to-oslo', 'Furthest behind at Oslo'],
]

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing to object to on any page, ${colorScheme}`, async () => {
    const open = await openConsole(browser, smallWorld(), { colorScheme })
    const found: Record<string, readonly string[]> = {}
    for (const [path, ready] of views) {
      await open.goTo(path)
      await open.page.getByText(ready).first().waitFor()
      const here = await violations(open.page)
      if (here.length > 0) found[path] = here
      await open.page.keyboard.press('Escape')
    }
    await open.close()
    expect(found).toEqual({})
  })
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`axe finds nothing to object to where the wizard tells what sites keep, ${colorScheme}`, async () => {
    const open = await openConsole(browser, smallWorld(), { colorScheme })
    const { page } = open
    await open.goTo('pair')
    await page.getByRole('radio', { name: 'Berlin' }).check()
    await page.getByRole('combobox', { name: 'Source bucket' }).fill('ledger')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Next: target' }).click()
    await page.getByRole('radio', { name: 'Oslo' }).check()
    await page.getByRole('button', { name: 'Next: checks' }).click()
    await page.getByRole('region', { name: 'What Oslo keeps' }).waitFor()
    expect(await violations(page)).toEqual([])
    await open.close()
  })

test('axe finds nothing to object to on empty pages', async () => {
  const open = await openConsole(browser, emptyWorld(Date.now()))
  for (const path of ['', 'sites', 'rules', 'transfers', 'failures', 'activity', 'gateway', 'pair']) {
    await open.goTo(path)
    await open.page.getByRole('heading', { level: 2 }).first().waitFor()
    expect({ path, violations: await violations(open.page) }).toEqual({ path, violations: [] })
  }
  await open.close()
})

test('a message that tells of what was done can be closed by whoever does not see it', async () => {
  const open = await openConsole(browser, smallWorld())
  await open.goTo('rules/photos-to-oslo')
  await open.page.getByRole('button', { name: 'Pause', exact: true }).first().click()
  const message = open.page.getByText('photos-to-oslo is paused. Changes still gather and will follow.')
  // It stays while somebody points at it, however long the look takes.
  await message.hover()
  expect(await violations(open.page)).toEqual([])
  await open.page.getByRole('button', { name: 'Close the message' }).press('Enter')
  await message.waitFor({ state: 'detached' })
  await open.close()
})

test('the keyboard reaches every page, the skip link and the sheet of shortcuts', async () => {
  const open = await openConsole(browser, smallWorld())
  const { page } = open
  await open.goTo('')
  await page.getByText('10 links').waitFor()
  await page.keyboard.press('Tab')
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the page')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main')
  for (const [key, heading] of [
    ['s', 'Sites'],
    ['f', 'Failures'],
    ['e', 'Settings'],
  ] as const) {
    await page.keyboard.press('g')
    await page.keyboard.press(key)
    await page.getByRole('heading', { level: 1, name: heading }).waitFor()
  }
  await page.keyboard.press('?')
  const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await sheet.getByRole('switch', { name: 'Single-key shortcuts' }).press('Space')
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'detached' })
  await page.keyboard.press('g')
  await page.keyboard.press('s')
  await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
  await open.close()
})

test('everything that can be pressed is at least 24 px high and wide, or stands in running text', async () => {
  const open = await openConsole(browser, smallWorld())
  for (const [path, ready] of views) {
    await open.goTo(path)
    await open.page.getByText(ready).first().waitFor()
    const small = await open.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button, [role="button"], summary')]
        .filter((element) => element.offsetParent !== null && getComputedStyle(element).display !== 'inline')
        .map((element) => ({ box: element.getBoundingClientRect(), name: element.textContent || element.ariaLabel }))
        .filter(({ box }) => box.width > 0 && (box.height < 22 || box.width < 22))
        .map(({ box, name }) => `${name}: ${Math.round(box.width)}×${Math.round(box.height)}`),
    )
    expect({ path, small }).toEqual({ path, small: [] })
    await open.page.keyboard.press('Escape')
  }
  await open.close()
})
