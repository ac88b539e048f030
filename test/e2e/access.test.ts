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

async function served(): Promise<Served> {
  const console = await launchLoopback({ dataDir: await dataDir() })
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
  await banner.getByText(/What you see is as of \d\d:\d\d:\d\d\./).waitFor()
  await page.getByText('Not live').waitFor()
  await banner.getByRole('button', { name: 'Try now' }).click()
  await banner.getByText(/Tried \d+ times; trying again\./).waitFor()
  await page.getByRole('heading', { name: 'Nothing is kept in step yet' }).waitFor()
})
