import { readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import { makeTempDir } from '../support/temp.ts'
import { driversHere, launch, launchChromium, launchLoopback, type Driver, type Served } from './launch.ts'

const root = path.resolve(import.meta.dirname, '../..')
let browser: Browser

beforeAll(async () => {
  await ensureBuild(root, () => undefined)
  browser = await launchChromium()
}, 120_000)
afterAll(() => browser.close())

async function dataDir(): Promise<string> {
  const temp = await makeTempDir('e2e')
  onTestFinished(({ task }) => (task.result?.state === 'pass' ? temp.remove() : undefined))
  return path.join(temp.path, 'data')
}

async function served(dir?: string): Promise<Served> {
  const console = await launchLoopback({ dataDir: dir ?? (await dataDir()) })
  onTestFinished(async () => void (await console.close()))
  await console.page.getByRole('heading', { name: 'Overview' }).waitFor()
  return console
}

test.each(driversHere())('%s: a reload keeps page and filters, and complains of nothing', async (driver: Driver) => {
  const { page, complaints, close } = await launch({ driver, dataDir: await dataDir() })
  onTestFinished(async () => void (await close()))
  await page.getByRole('link', { name: /^Failures/ }).click()
  await page.getByRole('textbox', { name: 'Part of the key' }).or(page.getByRole('searchbox')).fill('invoices')
  await page.getByText('0 items not in step with “invoices” in the key').waitFor()
  await page.reload()
  await page.getByText('0 items not in step with “invoices” in the key').waitFor()
  expect(new URL(page.url()).hash).toBe('#/failures?search=invoices')
  expect(complaints).toEqual([])
})

test('a browser without the link, or with a link that was used, is refused and told how to come in', async () => {
  const { link } = await served()
  const stranger = await browser.newPage()
  for (const address of [new URL('/', link).href, link]) {
    const answer = await stranger.goto(address)
    expect(answer?.status()).toBe(401)
    await stranger.getByText('A link works once: `lockstep console` makes another.').waitFor()
    expect(answer?.headers()['set-cookie']).toBeUndefined()
  }
  const asked = await stranger.request.get(new URL('/api/overview.get', link).href)
  expect([asked.status(), await asked.text()]).toEqual([401, expect.not.stringContaining('backlog')])
  await stranger.close()
})

test('a tab in the browser that used the link is let in', async () => {
  const { page, link } = await served()
  const second = await page.context().newPage()
  await second.goto(new URL('/#/failures', link).href)
  await second.getByRole('heading', { name: 'Nothing failed' }).waitFor()
})

test('a path that is not there answers 404 and tells nothing of the inside', async () => {
  const { page, link } = await served()
  for (const missing of ['/nowhere', '/../package.json', '/assets/', '/api/nowhere', '/api/overview.nowhere']) {
    const answer = await page.request.get(new URL(link).origin + missing)
    expect([missing, answer.status()]).toEqual([missing, 404])
    expect(await answer.text()).not.toMatch(/\bat \S+ \(|node_modules|\.ts\b|"stack"/)
  }
  await page.goto(new URL('/#/nowhere', link).href)
  await page.getByText('There is nothing at this address').waitFor()
})

test('when the engine is killed the console says so, and of when its picture is', async () => {
  const { page, kill } = await served()
  await page.getByText(/^Live, as\sof \d\d:\d\d:\d\d$/).waitFor()
  await kill()
  const banner = page.getByRole('alert').filter({ hasText: 'The engine does not answer.' })
  await banner.getByText(/What you see is as of \d\d:\d\d:\d\d, /).waitFor()
  await page.getByText('Not live').waitFor()
  await banner.getByRole('button', { name: 'Try now' }).click()
  await banner.getByText(/Tried \d+ times; trying again\./).waitFor()
  await page.getByRole('heading', { name: 'Nothing is kept in step yet' }).waitFor()
})

const lost = 'The engine does not answer.'
const signedOut = 'Lockstep was started anew and does not know this page any more.'

test('after the engine was killed and started again the open page goes on, and so does a second tab', async () => {
  const { page, kill, startAgain, complaints } = await served()
  await page.getByRole('link', { name: /^Activity/ }).click()
  await page.getByText('started.').first().waitFor()
  await kill()
  await page.getByRole('alert').filter({ hasText: lost }).waitFor()
  expect(await page.getByText(lost).count()).toBe(1)
  await startAgain()
  await page.getByRole('alert').waitFor({ state: 'detached' })
  await page.getByText(/^Live, as\sof \d\d:\d\d:\d\d$/).waitFor()
  await expect.poll(() => page.getByText(/started\./).count()).toBe(2)
  const second = await page.context().newPage()
  await second.goto(page.url())
  await second
    .getByText(/started\./)
    .first()
    .waitFor()
  expect(complaints.filter((text) => !text.includes('ERR_CONNECTION') && !text.includes('ERR_INCOMPLETE'))).toEqual([])
})

test('a page that the started engine does not know says once to open the new link, and goes on when that is opened', async () => {
  const dir = await dataDir()
  const { page, kill, startAgain } = await served(dir)
  await kill()
  await page.getByRole('alert').filter({ hasText: lost }).waitFor()
  const file = path.join(dir, 'sessions.json')
  const kept = JSON.parse(await readFile(file, 'utf8'))
  expect(kept.sessions).toHaveLength(1)
  expect((await stat(file)).mode & 0o077).toBe(0)
  const cookies = await page.context().cookies()
  expect(JSON.stringify(kept)).not.toContain(cookies[0]!.value)
  await writeFile(file, JSON.stringify({ ...kept, sessions: [] }))
  const link = await startAgain()
  expect(new URL(link).origin).toBe(new URL(page.url()).origin)
  const banner = page.getByRole('alert').filter({ hasText: signedOut })
  await banner.getByText('Open the new link that lockstep serve printed', { exact: false }).waitFor()
  for (const destination of ['Sites', 'Rules', 'Failures', 'Activity', 'Overview']) {
    await page.getByRole('link', { name: new RegExp(`^${destination}`) }).click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect([destination, await page.getByRole('alert').count(), await page.getByText(lost).count()]).toEqual([
      destination,
      1,
      0,
    ])
  }
  const fresh = await page.context().newPage()
  await fresh.goto(link)
  await fresh.getByRole('heading', { name: 'Overview' }).waitFor()
  await banner.getByRole('button', { name: 'Try now' }).click()
  await banner.waitFor({ state: 'detached' })
  await page.getByText(/^Live, as\sof \d\d:\d\d:\d\d$/).waitFor()
})

test('what is not known now is grey, with its age', async () => {
  const { page, kill } = await served()
  await page.getByText(/^Live, as\sof/).waitFor()
  await kill()
  await page.getByText(/^Not known since \d\d:\d\d:\d\d$/).waitFor()
  await page
    .getByRole('alert')
    .getByText(/, \d+ s ago\./)
    .waitFor()
  const filter = await page
    .locator('[data-stale]')
    .first()
    .evaluate((element) => getComputedStyle(element).filter)
  expect(filter).toContain('grayscale(1)')
})
