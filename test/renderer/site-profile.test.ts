import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { fullWorld } from '../support/fake-world.ts'

let browser: Browser
let open: OpenConsole
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
afterEach(async () => {
  const { complaints } = open
  await open.close()
  expect(complaints).toEqual([])
})

async function keeps(site: string) {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo(`sites?site=${site}`)
  return open.page.getByRole('dialog').getByRole('region', { name: 'What this site keeps' })
}

test('a site tells what it keeps, what is unknown and why, and what finding it out cost', async () => {
  const region = await keeps('berlin')
  await region.getByText('is in no listing', { exact: false }).waitFor()
  await region.getByText('Unknown: the key may not do what it takes to see this.', { exact: false }).waitFor()
  await region.getByText('By the kind of server.', { exact: false }).waitFor()
  expect(await region.getByText(/tried in photos with 71 requests/).innerText()).toMatch(
    /^As of .* ago, tried in photos/,
  )
})

test('what nobody looked at is no answer, and one button finds it out', async () => {
  const region = await keeps('oslo')
  await region.getByText('13 more facts not looked at yet.').waitFor()
  await region.getByRole('combobox', { name: 'Bucket to try it in' }).fill('ledger')
  await region.getByRole('button', { name: 'Probe it' }).click()
  await region.getByText(/tried in ledger with 71 requests/).waitFor()
  expect(await region.getByText('not looked at yet', { exact: false }).count()).toBe(0)
  await region.getByRole('button', { name: 'Probe again' }).waitFor()
})

test('nothing is tried at a site that is paused', async () => {
  const region = await keeps('lab')
  await region.getByText('Nothing is known of it yet.').waitFor()
  await region.getByText('Nothing is written to a site that is paused.').waitFor()
  expect(await region.getByRole('button', { name: 'Probe it' }).isDisabled()).toBe(true)
})
