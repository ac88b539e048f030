import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { fullWorld, type FakeWorld } from '../support/fake-world.ts'

let browser: Browser
let open: OpenConsole
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
afterEach(() => open.close())

/** A pair whose target is so far away, typically and at most. */
function worldAt(medianMs: number, maxMs: number): FakeWorld {
  const world = fullWorld(Date.now())
  world.sites = world.sites.map((site) =>
    site.id === 'oslo'
      ? {
          ...site,
          health: { ...site.health, rttMs: { current: medianMs, average: 2 * medianMs, median: medianMs, max: maxMs } },
        }
      : site.id === 'berlin'
        ? { ...site, health: { ...site.health, rttMs: { current: 1, average: 1, median: 1, max: 2 } } }
        : site,
  )
  return world
}

/** The table as text, row by row. */
async function table(): Promise<readonly (readonly string[])[]> {
  const rows = open.page.getByRole('region', { name: 'Modes side by side' }).getByRole('row')
  return rows.evaluateAll((found) =>
    found.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText.replaceAll(/\s+/g, ' ').trim())),
  )
}

const rule = 'advisor?rule=backups-daily-to-oslo'

test('5 ms apart: waiting for the target is recommended, in words and in the table', async () => {
  open = await openConsole(browser, worldAt(5, 14))
  await open.goTo(rule)
  await open.page.getByRole('heading', { name: 'Wait for the target (all)' }).waitFor()
  await open.page.getByText('The round trip to Oslo is 5.0 ms, within 20 ms: waiting adds 11 ms').waitFor()
  const [head, latency, lost] = await table()
  expect(head).toEqual([
    '',
    'Asynchronous answered when the source has it In use',
    'One target when the target has it too',
    'Majority when 2 of 2 sites have it',
    'All targets when both sites have it Recommended',
    'Consensus store for comparison: when 2 of 2 sites agree',
  ])
  expect(latency).toEqual([
    'Added to each write',
    'Nothing',
    '+ 11 ms up to 45 ms',
    '+ 11 ms up to 45 ms',
    '+ 11 ms up to 45 ms',
    '+ 10 ms up to 72 ms',
  ])
  expect(lost?.slice(2)).toEqual(['Nothing', 'Nothing', 'Nothing', 'Nothing'])
  expect(open.complaints).toEqual([])
})

test('80 ms apart: waiting is not recommended, and the reason names both numbers', async () => {
  open = await openConsole(browser, worldAt(80, 210))
  await open.goTo(rule)
  await open.page.getByRole('heading', { name: 'Answer when the source has it (async)' }).waitFor()
  await open.page
    .getByText('The round trip to Oslo is 80 ms, above 20 ms: waiting for it would add 161 ms to every write.')
    .waitFor()
  await open.page
    .getByText('Were the source lost, writes that were not copied yet would be missing: the last')
    .waitFor()
  const [head, latency] = await table()
  expect(head?.filter((cell) => cell.includes('Recommended'))).toEqual([
    'Asynchronous answered when the source has it Recommended In use',
  ])
  expect(latency?.slice(4)).toEqual(['+ 161 ms up to 437 ms', '+ 160 ms up to 856 ms'])
})

test('a mode is used after saying what it changes, and an explanation opens where it is asked for', async () => {
  open = await openConsole(browser, worldAt(5, 14))
  const { page, engine } = open
  await open.goTo('rules/backups-daily-to-oslo')
  await page.getByRole('link', { name: 'Compare the ways' }).click()
  await page.getByRole('heading', { level: 1, name: 'Advisor' }).waitFor()
  const explain = page.getByRole('button', { name: 'How “Messages per write” is worked out' })
  await explain.click()
  await page.getByText('Requests and answers between Lockstep and the sites').waitFor()
  expect(await explain.getAttribute('aria-expanded')).toBe('true')
  await page.getByRole('button', { name: 'Use this mode: All targets' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('without a confirmation within 10 s they are refused, and may be repeated').waitFor()
  await dialog.getByRole('button', { name: 'Use this mode' }).click()
  await page.getByText('backups-daily-to-oslo acknowledges writes as “All targets”.').waitFor()
  const updates = engine.calls.filter(({ path }) => path === 'rules.update').map(({ input }) => input)
  expect(updates).toMatchObject([
    { id: 'backups-daily-to-oslo', ack: { policy: 'all', timeoutMs: 10_000, onTimeout: 'fail' } },
  ])
})

test('what is not measured says so, and may be assumed, marked as such', async () => {
  const world = worldAt(5, 14)
  world.sites = world.sites.map((site) =>
    site.id === 'oslo'
      ? {
          ...site,
          health: {
            ...site.health,
            rttMs: null,
            probes: { recent: 0, counted: 0, failed: 0, sinceAt: world.now, lastAt: null },
          },
        }
      : site,
  )
  open = await openConsole(browser, world)
  const { page } = open
  await open.goTo('advisor?source=berlin&targets=%5B%22oslo%22%5D')
  await page.getByRole('heading', { name: 'Not enough is measured to recommend a mode' }).waitFor()
  const figure = (name: string) => page.getByRole('row', { name }).innerText()
  expect(await figure('Round trip to Oslo')).toContain('Not measured yet')
  expect(await figure('Loss to Oslo')).toContain('Not measured yet')
  await page.getByLabel('Round trip to the targets, ms').fill('45')
  await page.getByText('The round trip to Oslo is 45 ms (assumed), above 20 ms').waitFor()
  expect(await figure('Round trip to Oslo')).toContain('Assumed')
  expect((await table())[1]?.[4]).toBe('+ 91 ms up to 92 ms; assumed')
  await page.getByRole('button', { name: 'Forget the assumptions' }).click()
  await page.getByRole('heading', { name: 'Not enough is measured to recommend a mode' }).waitFor()
})
