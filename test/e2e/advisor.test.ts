import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import type { ConfigInput } from '../../shared/model/config.ts'
import { eventually } from '../support/eventually.ts'
import { s3Client, type SiteAccess } from '../support/s3-site.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'
import { makeTempDir } from '../support/temp.ts'
import { createBucket } from '../support/world.ts'
import { launch } from './launch.ts'

const root = path.resolve(import.meta.dirname, '../..')
const pictures = path.join(root, 'test/.artifacts')
const bucket = 'photos'

/** The median of some probes more on a machine that is slow at first. */
const patience = { timeout: 90_000 }

beforeAll(() => ensureBuild(root, () => undefined), 120_000)

test('what is measured over real lines of 5 ms and of 80 ms: the near target is waited for, the far one is not', async () => {
  const page = await consoleOn(await siteAt(0), await siteAt(5), await siteAt(80))
  await page.getByRole('link', { name: 'Advisor' }).click()
  await choose(page, 'to-oslo')
  await page.getByRole('heading', { name: 'Wait for the target (all)' }).waitFor(patience)
  const near = await roundTrip(page, /^The round trip to Oslo is ([\d.]+) ms, within 20 ms: waiting adds [\d.]+ ms/)
  expect(near).toBeGreaterThan(4)
  expect(await recommended(page)).toMatch(/^All targets when both sites have it Recommended/)
  await page.screenshot({ path: path.join(pictures, 'advisor-5-ms.png'), fullPage: true })
  await choose(page, 'to-bergen')
  await page.getByRole('heading', { name: 'Answer when the source has it (async)' }).waitFor(patience)
  const far = await roundTrip(page, /^The round trip to Bergen is ([\d.]+) ms, above 20 ms: waiting for it would add/)
  expect(far).toBeGreaterThan(75)
  expect(await recommended(page)).toMatch(/^Asynchronous answered when the source has it Recommended/)
  await page.screenshot({ path: path.join(pictures, 'advisor-80-ms.png'), fullPage: true })
})

/** A site behind a line with that round trip. */
async function siteAt(rttMs: number): Promise<SiteAccess> {
  const site = await sandboxForTest()
  const s3 = s3Client(site)
  await createBucket(s3, bucket)
  s3.destroy()
  if (rttMs === 0) return site
  const line = await TcpProxy.open(site.endpoint)
  onTestFinished(() => line.close())
  line.setWeather({ delayMs: rttMs / 2 })
  return { ...site, endpoint: line.endpoint }
}

async function consoleOn(lisbon: SiteAccess, oslo: SiteAccess, bergen: SiteAccess): Promise<Page> {
  const temp = await makeTempDir('e2e')
  const configFile = path.join(temp.path, 'lockstep.config.json')
  const config = configOf({ lisbon, oslo, bergen })
  await writeFile(configFile, JSON.stringify(config), { mode: 0o600 })
  const { page, close } = await launch({ driver: 'loopback', dataDir: path.join(temp.path, 'data'), configFile })
  onTestFinished(async () => {
    await close()
    await temp.remove()
  })
  page.setDefaultTimeout(120_000)
  return page
}

function configOf(sites: Readonly<Record<'lisbon' | 'oslo' | 'bergen', SiteAccess>>): ConfigInput {
  const rule = (target: string) => ({
    id: `to-${target}`,
    source: { site: 'lisbon', bucket },
    targets: [{ site: target, bucket }],
  })
  return {
    version: 1,
    sites: Object.entries(sites).map(([id, { endpoint, accessKeyId, secretAccessKey }]) => ({
      id,
      name: `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`,
      endpoint,
      credentials: { accessKeyId, secretAccessKey },
    })),
    rules: [rule('oslo'), rule('bergen')],
  }
}

async function choose(page: Page, rule: string): Promise<void> {
  await page.getByRole('combobox', { name: 'Compare for' }).click()
  await page.getByRole('option', { name: new RegExp(`^${rule}:`) }).click()
}

/** As the reason names it. */
async function roundTrip(page: Page, reason: RegExp): Promise<number> {
  const sentence = page.getByRole('region', { name: 'Recommendation' }).getByText(reason)
  return await eventually(async () => Number(reason.exec(await sentence.innerText())?.[1]), { withinMs: 60_000 })
}

async function recommended(page: Page): Promise<string> {
  const head = page.getByRole('region', { name: 'Modes side by side' }).getByRole('columnheader')
  return (await head.filter({ hasText: 'Recommended' }).innerText()).replaceAll(/\s+/g, ' ')
}
