import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { fullWorld } from '../support/fake-world.ts'

let browser: Browser
let open: OpenConsole
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
})
afterEach(() => open.close())

const retries = () => open.engine.calls.filter(({ path }) => path === 'failures.retry').map(({ input }) => input)

test('a retried item leaves the list when it has arrived, and not before', async () => {
  await open.goTo('failures')
  const { page, engine } = open
  const key = '2026/11/raw/object-000000 – Übersicht.parquet'
  await page.getByRole('button', { name: `Retry ${key}` }).click()
  await page.getByText('Started: Retry 1 item').waitFor()
  expect(retries()).toEqual([{ seqs: [10_000] }])
  await page.getByText('5,000 items not in step').waitFor()
  engine.finish(engine.world.jobs.at(-1)!.id)
  await page.getByText('4,999 items not in step').waitFor()
  expect(await page.getByRole('button', { name: key, exact: true }).count()).toBe(0)
})

test('retrying the selected rows sends exactly those', async () => {
  await open.goTo('failures')
  const { page } = open
  await page.getByRole('checkbox').nth(1).check()
  await page.getByRole('checkbox').nth(2).check()
  await page.getByRole('button', { name: 'Retry the 2 selected' }).click()
  await page.getByText('Started: Retry 2 items').waitFor()
  expect(retries()).toEqual([{ seqs: [10_001, 10_002] }])
})

test('retrying all that match names the number, then becomes a job with its end', async () => {
  await open.goTo('failures?state=parked&code=ACCESS_DENIED')
  const { page, engine } = open
  await page.getByRole('button', { name: 'Retry all 1,000' }).click()
  const dialog = page.getByRole('dialog', { name: 'Retry 1,000 items?' })
  await dialog.getByText('1,000 items parked, with ACCESS_DENIED will be tried again').waitFor()
  await dialog.getByRole('button', { name: 'Retry 1,000' }).click()
  await page.getByRole('button', { name: '2 jobs running' }).click()
  await page.getByRole('progressbar', { name: 'Retry 1000 items' }).waitFor()
  expect(retries()).toEqual([
    {
      filter: { ruleId: null, linkId: null, state: 'parked', code: 'ACCESS_DENIED', operation: null, search: '' },
    },
  ])
  engine.finish(engine.world.jobs.at(-1)!.id)
  await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
})

test('row 4,900 of 5,000 is read from the engine when it is scrolled to, never the whole list', async () => {
  await open.goTo('failures?sort=key&ascending=true')
  const { page, engine } = open
  const region = page.getByRole('region', { name: 'Failures' })
  await region.getByRole('row').nth(3).waitFor()
  await region.evaluate((element) => element.scrollTo(0, 4900 * 98))
  await page.locator('tr[aria-rowindex="4902"] button').first().waitFor()
  const asked = engine.calls
    .filter(({ path }) => path === 'failures.list')
    .map(({ input }) => input as { limit: number; offset: number })
  expect(Math.max(...asked.map(({ limit }) => limit))).toBe(100)
  expect(asked.some(({ offset }) => offset === 4900)).toBe(true)
  expect(asked.length).toBeLessThan(10)
})

test('filters are in the address and survive a reload', async () => {
  await open.goTo('failures')
  const { page } = open
  await page.getByRole('searchbox').waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('invoices')
  await page.getByText('1,250 items not in step').waitFor()
  expect(page.url()).toContain('search=invoices')
  await page.reload()
  await page.getByText('1,250 items not in step with “invoices” in the key').waitFor()
})

test('an item shows its whole history, and says when it is settled', async () => {
  await open.goTo('failures?item=10002')
  const { page, engine } = open
  const drawer = page.getByRole('dialog', { name: 'Item' })
  await drawer.getByText('Attempt failed, attempt 2').waitFor()
  await drawer.getByRole('button', { name: 'Retry this item' }).click()
  await page.getByText('Started: Retry 1 item').waitFor()
  engine.finish(engine.world.jobs.at(-1)!.id)
  await drawer.getByText('Settled: the target has it.').first().waitFor()
  await drawer.getByText('exports/object-000002', { exact: false }).first().waitFor()
})

test('a number that no item ever had is not known, and nothing is said to have arrived', async () => {
  await open.goTo('failures?item=999999')
  const drawer = open.page.getByRole('dialog', { name: 'Item' })
  await drawer.getByText('No item has the number 999999.').first().waitFor()
  expect(await drawer.getByText(/settled|the target has/i).count()).toBe(0)
})

test('an item of an offline site says whom it waits for and since when, not “now”', async () => {
  await open.goTo('failures?item=10041')
  const drawer = open.page.getByRole('dialog', { name: 'Item' })
  await drawer.getByText(/^runs when Lyon \(archive\) answers, offline for 47 min/).waitFor()
  await drawer.getByRole('button', { name: 'Close' }).click()
  await open.page.getByRole('combobox', { name: 'Rule' }).click()
  await open.page.getByRole('option', { name: 'builds-to-lyon', exact: true }).click()
  await open.page
    .getByRole('cell', { name: /^runs when Lyon \(archive\) answers, offline for 47 min/ })
    .first()
    .waitFor()
})
