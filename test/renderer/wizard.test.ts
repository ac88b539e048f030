import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { emptyWorld, fullWorld } from '../support/fake-world.ts'

let browser: Browser
let open: OpenConsole
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
afterEach(() => open.close())

/** Presses Tab until the element named has the focus; a keyboard user's only way. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null
      const label =
        element?.labels?.[0]?.textContent ?? element?.getAttribute('aria-label') ?? element?.textContent ?? ''
      return label.trim()
    })
    if (focused.startsWith(name)) return
  }
  throw new Error(`Tab never reached “${name}”.`)
}

async function connectSite(page: Page, name: string, endpoint: string): Promise<void> {
  await tabTo(page, 'Name')
  await page.keyboard.type(name)
  await tabTo(page, 'Endpoint')
  await page.keyboard.type(endpoint)
  await tabTo(page, 'Access key')
  await page.keyboard.type('AKIAEXAMPLE')
  await tabTo(page, 'Secret key')
  await page.keyboard.type('not-a-real-secret')
  await page.keyboard.press('Enter')
}

test('the keyboard alone goes from no site at all to a running rule', async () => {
  open = await openConsole(browser, emptyWorld(Date.now()))
  await open.goTo('')
  const { page, engine } = open
  await page.getByRole('link', { name: 'Pair two sites' }).waitFor()
  await tabTo(page, 'Pair two sites')
  await page.keyboard.press('Enter')

  await page.getByRole('heading', { name: 'Where are the objects?' }).waitFor()
  await connectSite(page, 'Berlin', 'https://s3.berlin.example.org')
  await page.getByRole('combobox', { name: 'Source bucket' }).waitFor()
  await tabTo(page, 'Source bucket')
  await page.keyboard.type('photos')
  await page.keyboard.press('Escape')
  await tabTo(page, 'Next: target')
  await page.keyboard.press('Enter')

  await page.getByRole('heading', { name: 'Where should they be too?' }).waitFor()
  await tabTo(page, 'Berlin')
  await page.keyboard.press('ArrowDown')
  await connectSite(page, 'Oslo', 'https://s3.oslo.example.org')
  await page.getByRole('combobox', { name: 'Target bucket' }).waitFor()
  expect(await page.getByRole('combobox', { name: 'Target bucket' }).inputValue()).toBe('photos')
  await tabTo(page, 'Next: checks')
  await page.keyboard.press('Enter')

  await page.getByText('1 check failed: mend it, then run again.').waitFor()
  await tabTo(page, 'Switch on versioning for photos at oslo')
  await page.keyboard.press('Enter')
  await page.getByText('It fits, with 1 warning.').waitFor()
  await page.getByText('Skipped: the target uses plain HTTP').waitFor()
  await tabTo(page, 'Next: buckets and rule')
  await page.keyboard.press('Enter')

  await page.getByRole('heading', { name: 'What is kept in step, and how?' }).waitFor()
  expect(await page.getByLabel('Name of the rule').inputValue()).toBe('photos-to-oslo')
  await tabTo(page, 'Next: summary')
  await page.keyboard.press('Enter')

  await page.getByText('The first copy brings over 184,302 objects, 611 GiB.').waitFor()
  await tabTo(page, 'Start')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'photos-to-oslo' }).waitFor()
  await page.getByText('First copy').first().waitFor()

  const made = engine.calls.filter(({ path }) => path === 'rules.create').map(({ input }) => input)
  expect(made).toMatchObject([
    {
      id: 'photos-to-oslo',
      source: { site: 'berlin', bucket: 'photos' },
      targets: [{ site: 'oslo', bucket: 'photos' }],
      existingObjects: true,
      ack: { policy: 'async' },
    },
  ])
  expect(await page.content()).not.toContain('not-a-real-secret')
})

test('going back keeps what was entered, and a wrong value is named with its remedy', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('pair')
  const { page } = open
  await page.getByRole('button', { name: 'Next: target' }).click()
  await page.getByText('No site is chosen: choose one, or enter another.').waitFor()
  await page.getByRole('radio', { name: 'Berlin' }).check()
  await page.getByRole('combobox', { name: 'Source bucket' }).fill('UPPER')
  await page.getByRole('button', { name: 'Next: target' }).click()
  await page.getByText('“UPPER” does not fit: use 3–63 lower-case letters').first().waitFor()
  await page.getByRole('combobox', { name: 'Source bucket' }).fill('ledger')
  await page.getByRole('heading', { name: 'Where are the objects?' }).click()
  await page.getByRole('button', { name: 'Next: target' }).click()
  await page.getByRole('radio', { name: 'Berlin' }).check()
  await page.getByRole('button', { name: 'Next: checks' }).click()
  await page.getByText('This is the source itself: choose another site or bucket.').first().waitFor()
  await page.getByRole('radio', { name: 'Oslo' }).check()
  await page.getByRole('button', { name: 'Next: checks' }).click()
  await page.getByRole('heading', { name: 'Does everything fit?' }).waitFor()
  await page.getByRole('button', { name: 'Back' }).click()
  await page.getByRole('button', { name: 'Back' }).click()
  expect(await page.getByRole('combobox', { name: 'Source bucket' }).inputValue()).toBe('ledger')
  expect(await page.getByRole('radio', { name: 'Berlin' }).isChecked()).toBe(true)
})

/** From the first step of the wizard to the checks under way, on the sites of the full world. */
async function startChecks(page: Page): Promise<void> {
  await page.getByRole('radio', { name: 'Berlin' }).check()
  await page.getByRole('combobox', { name: 'Source bucket' }).fill('ledger')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Next: target' }).click()
  await page.getByRole('radio', { name: 'Oslo' }).check()
  await page.getByRole('button', { name: 'Next: checks' }).click()
  await page.getByText('6 of 22 answered').waitFor()
}

const failedCheck = (page: Page) => page.getByRole('listitem').filter({ hasText: 'Versioning is off' })

test('the first failed check comes into view and takes the focus when the checks end, in a small window too', async () => {
  open = await openConsole(browser, fullWorld(Date.now()), { width: 1024, height: 700 })
  await open.goTo('pair')
  const { page } = open
  await startChecks(page)
  await page.getByText('1 check failed: mend it, then run again.').waitFor()
  await failedCheck(page).and(page.locator(':focus')).waitFor()
  const box = await failedCheck(page).boundingBox()
  expect(box!.y).toBeGreaterThan(52)
  expect(box!.y + box!.height).toBeLessThan(700)
})

test('whoever scrolls while the checks end keeps the view', async () => {
  open = await openConsole(browser, fullWorld(Date.now()), { width: 1024, height: 700 })
  await open.goTo('pair')
  const { page } = open
  await startChecks(page)
  const end = page.getByText('1 check failed: mend it, then run again.')
  while (!(await end.isVisible())) await page.mouse.wheel(0, -40)
  await failedCheck(page).and(page.locator(':focus')).waitFor()
  expect(await page.evaluate(() => window.scrollY)).toBe(0)
})

test('while a new site is entered, only “Connect” asks to be pressed', async () => {
  open = await openConsole(browser, emptyWorld(Date.now()))
  await open.goTo('pair')
  await open.page.getByRole('button', { name: 'Connect' }).waitFor()
  const primary = open.page.locator('main .mantine-Button-root:not([data-variant="default"])')
  expect(await primary.allInnerTexts()).toEqual(['Connect'])
})

test('the wizard tells what each site keeps, what of it is unknown and why, and what finding it out costs before it does', async () => {
  open = await openConsole(browser, fullWorld(Date.now()), { width: 1024, height: 700 })
  await open.goTo('pair')
  const { page, engine } = open
  await startChecks(page)
  const source = page.getByRole('region', { name: 'What Berlin keeps' })
  const target = page.getByRole('region', { name: 'What Oslo keeps' })
  await source.getByText('Unknown: the key may not do what it takes to see this.', { exact: false }).waitFor()
  // Versioning was asked of another bucket.
  expect(await source.getByText('On: every version is kept.').count()).toBe(0)
  await source.getByText(/few small objects in ledger.*: 71 requests in 1\.8 s the last time\./).waitFor()
  await target.getByText(/some 60 requests, one after the other: 1\.9 s at least, by its round trip\./).waitFor()
  const asked = () => engine.calls.filter(({ path }) => path === 'sites.profile').map(({ input }) => input)
  expect(asked()).toEqual([])
  await source.getByRole('button', { name: 'Try it in ledger at berlin' }).press('Enter')
  await source.getByText(/tried in ledger with 71 requests/).waitFor()
  await source.getByRole('button', { name: 'Try it again in ledger at berlin' }).waitFor()
  expect(asked()).toEqual([{ id: 'berlin', bucket: 'ledger' }])
})
