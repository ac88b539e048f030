import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { customerKey } from '../support/customer-key.ts'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { fullWorld } from '../support/fake-world.ts'

let browser: Browser
let open: OpenConsole | null = null
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
afterEach(async () => {
  const complaints = open?.complaints ?? []
  await open?.close()
  open = null
  expect(complaints).toEqual([])
})

test('a client’s key is stored by name, listed by its MD5, never shown, and removed while no rule names it', async () => {
  const world = fullWorld(Date.now())
  const lost = {
    name: 'vault',
    md5: 'PiWWCnnbxptnTNTsZ6csYg==',
    from: 'console',
    isThere: false,
    usedByRules: ['r1'],
  } as const
  world.sseCKeys = [{ ...lost, createdAt: world.now }]
  open = await openConsole(browser, world)
  const { page } = open
  await open.goTo('settings')
  await page.getByText('Enter it again under the same name.').waitFor()
  await page.getByText('in use').waitFor()
  const key = customerKey('typed').toString('base64')
  await page.getByLabel('Name of the key').fill('archive')
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill('too short')
  await page.getByRole('button', { name: 'Store the key' }).click()
  await page.getByText('This does not fit: give 32 bytes as base64').waitFor()
  await page.getByRole('textbox', { name: 'Key', exact: true }).fill(key)
  await page.getByRole('button', { name: 'Store the key' }).click()
  await page.getByText('r7mlFUNkMYzUO1PRSDDgwQ==').waitFor()
  expect(await page.content()).not.toContain(key)
  expect(await page.getByRole('textbox', { name: 'Key', exact: true }).inputValue()).toBe('')
  await page.getByRole('button', { name: 'Remove the key archive' }).click()
  await page.getByRole('button', { name: 'Remove the key', exact: true }).click()
  await page.getByText('r7mlFUNkMYzUO1PRSDDgwQ==').waitFor({ state: 'detached' })
})
