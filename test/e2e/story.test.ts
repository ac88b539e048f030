import path from 'node:path'
import { DeleteObjectCommand, GetBucketVersioningCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import type { Locator, Page } from 'playwright-core'
import { beforeAll, expect, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import { faultKinds } from '../../shared/model/fault.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { s3Client } from '../support/s3-site.ts'
import { createBucket } from '../support/world.ts'
import { driversHere } from './launch.ts'
import { openTwoSites, type TwoSites } from './two-sites.ts'

const root = path.resolve(import.meta.dirname, '../..')
const bucket = 'archive'
const rule = `${bucket}-to-oslo`

beforeAll(() => ensureBuild(root, () => undefined), 120_000)

test.each(driversHere())(
  '%s: pair, first copy, a failure with its cause, heal, retry, an outage, and both sides equal',
  { timeout: 240_000 },
  async (driver) => {
    const world = await openTwoSites(driver)
    await fill(world.s3)
    await pairInWizard(world)
    await watchFirstCopy(world)
    await failAndRetry(world)
    await loseAndRegainTarget(world)
    await compareDeeply(world.page)
    const { source, target, complaints, quit } = world
    const compared = await compareBuckets({ site: source, bucket }, { site: target, bucket })
    expect(compared).toMatchObject({ keys: 14, versions: 31, differences: [] })
    expect(complaints).toEqual([])
    expect(await quit()).toBe(0)
  },
)

async function put(s3: S3Client, key: string, body: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, Metadata: { origin: 'e2e' } }))
}

/** Eight keys with a history: three versions each, and one of them deleted. */
async function fill(s3: S3Client): Promise<void> {
  await createBucket(s3, bucket)
  for (const turn of [1, 2, 3]) {
    for (let number = 1; number <= 8; number += 1) await put(s3, `2026/page-${number}.txt`, `turn ${turn} of ${number}`)
  }
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: '2026/page-8.txt' }))
}

/** The wizard from no site at all to a running rule. The target's bucket is missing, and made by the wizard. */
async function pairInWizard({ page, source, target }: TwoSites): Promise<void> {
  await page.getByRole('link', { name: 'Pair two sites' }).click()
  await page.getByRole('heading', { name: 'Where are the objects?' }).waitFor()
  await connectSite(page, 'Berlin', source)
  await page.getByRole('combobox', { name: 'Source bucket' }).fill(bucket)
  await page.getByText('Versioning is on.').waitFor()
  await page.getByRole('button', { name: 'Next: target' }).click()
  await page.getByRole('radio', { name: 'Another site' }).check()
  await connectSite(page, 'Oslo', target)
  await page.getByText('It is not there yet: the checks can create it.').waitFor()
  await page.getByRole('button', { name: 'Next: checks' }).click()
  await page.getByText('1 check failed: mend it, then run again.').waitFor()
  await page.getByText(faultKinds.BUCKET_MISSING.title).waitFor()
  await page.getByRole('button', { name: `Create bucket ${bucket} at Oslo with versioning` }).click()
  await page.getByText(/^(Everything fits\.|It fits, with \d+ warnings?\.)$/).waitFor()
  const { Status } = await s3Client(target).send(new GetBucketVersioningCommand({ Bucket: bucket }))
  expect(Status).toBe('Enabled')
  await page.getByRole('button', { name: 'Next: buckets and rule' }).click()
  await page.getByRole('button', { name: 'Next: summary' }).click()
  await page.getByText('The first copy brings over 25 objects').waitFor()
}

async function connectSite(page: Page, name: string, site: SandboxSite): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Endpoint').fill(site.endpoint)
  await page.getByLabel('Access key').fill(site.accessKeyId)
  await page.getByRole('textbox', { name: 'Secret key' }).fill(site.secretAccessKey)
  await page.getByRole('button', { name: 'Connect' }).click()
}

const linkCard = (page: Page): Locator => page.getByRole('article')

async function watchFirstCopy({ page, target }: TwoSites): Promise<void> {
  const slow = target.faults.add({ on: 'PutObject', do: { kind: 'latency', delayMs: 3000 } })
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('heading', { level: 1, name: rule }).waitFor()
  await linkCard(page).getByText('First copy', { exact: true }).waitFor()
  slow.remove()
  await linkCard(page).getByText('In step', { exact: true }).waitFor()
  await page.getByText('All in step').first().waitFor()
}

async function failAndRetry({ page, s3, target }: TwoSites): Promise<void> {
  const denied = target.faults.add({ on: 'PutObject', key: 'x', do: { kind: 'deny' } })
  await put(s3, 'x', 'may not be written')
  await page.getByRole('link', { name: /^Failures/ }).click()
  const row = page.getByRole('row').filter({ has: page.getByRole('button', { name: 'x', exact: true }) })
  await row.getByText(faultKinds.ACCESS_DENIED.title).waitFor()
  await row.getByText(`Grant the missing right s3:PutObject on the bucket ${bucket} at the site oslo`).waitFor()
  await row.getByText('parked').waitFor()
  expect(await row.getByRole('cell').allInnerTexts()).toContain('1')
  await readHistory(page)
  denied.remove()
  await row.getByRole('button', { name: 'Retry x' }).click()
  await page.getByRole('heading', { name: 'Nothing failed' }).waitFor()
}

async function readHistory(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'x', exact: true }).click()
  const drawer = page.getByRole('dialog', { name: 'Item' })
  const history = drawer.getByRole('region', { name: 'History' }).getByRole('listitem')
  const parked = history.filter({ hasText: 'Parked: not tried again until somebody retries it, attempt 1' })
  await parked.getByText(faultKinds.ACCESS_DENIED.title).waitFor()
  await history.filter({ hasText: 'Queued' }).waitFor()
  await drawer.getByRole('button', { name: 'Close' }).click()
  await drawer.waitFor({ state: 'detached' })
}

async function loseAndRegainTarget({ page, s3, target }: TwoSites): Promise<void> {
  await page.getByRole('link', { name: 'Rules' }).click()
  await page.getByRole('link', { name: rule }).first().click()
  await target.faults.goOffline()
  for (let number = 1; number <= 5; number += 1) await put(s3, `late/${number}`, 'written while Oslo was away')
  const card = linkCard(page)
  await card.getByText('Held', { exact: true }).waitFor()
  await card.getByText('Oslo is offline. The site refused the connection.').waitFor()
  await card.getByText('5 changes wait and drain when it returns.').waitFor()
  await target.faults.goOnline()
  await card.getByText('In step', { exact: true }).waitFor()
  await card.getByText('Nothing', { exact: true }).waitFor()
}

async function compareDeeply(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Compare' }).click()
  const dialog = page.getByRole('dialog', { name: 'Compare both sides' })
  await dialog.getByRole('radio', { name: 'By bytes' }).check()
  await dialog.getByRole('button', { name: 'Compare' }).click()
  const report = page.getByRole('listitem').filter({ hasText: 'By bytes: 14 keys, 31 versions, 0 differences' })
  await report.getByText('Equal', { exact: true }).waitFor()
  await report.getByRole('button', { name: 'Open' }).click()
  await page.getByText('Equal by bytes').waitFor()
}
