import path from 'node:path'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { Locator, Page } from 'playwright-core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import type { SandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'
import type { ConfigInput } from '../../shared/model/config.ts'
import { compareBuckets } from '../compare/compare-buckets.ts'
import { s3Client } from '../support/s3-site.ts'
import { createBucket } from '../support/world.ts'
import { driversHere } from './launch.ts'
import { openTwoSites, type TwoSites } from './two-sites.ts'

const root = path.resolve(import.meta.dirname, '../..')
const bucket = 'photos'
const rule = 'photos-to-oslo'

beforeAll(() => ensureBuild(root, () => undefined), 120_000)

test.each(driversHere())(
  '%s: a key made in the console opens the gateway; requests, acks, a broken promise and its return show by themselves',
  { timeout: 300_000 },
  async (driver) => {
    const world = await openTwoSites(driver, twoSitesAndARule)
    const { page, source, target, complaints, quit } = world
    await promiseAll(page)
    const client = await turnOnAndMakeKey(page)
    await seeRequestsAndAcks(world, client)
    await breakThePromise(world, client)
    await returnToThePromise(world, client)
    await revokeTheKey(page, client)
    const compared = await compareBuckets({ site: source, bucket }, { site: target, bucket })
    expect(compared).toMatchObject({ keys: 4, versions: 4, differences: [] })
    expect(complaints).toEqual([])
    expect(await quit()).toBe(0)
  },
)

async function twoSitesAndARule(source: SandboxSite, target: SandboxSite): Promise<ConfigInput> {
  for (const site of [source, target]) {
    const s3 = s3Client(site)
    await createBucket(s3, bucket)
    s3.destroy()
  }
  const declared = (id: string, name: string, { endpoint, accessKeyId, secretAccessKey }: SandboxSite) => ({
    id,
    name,
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
  })
  return {
    version: 1,
    sites: [declared('berlin', 'Berlin', source), declared('oslo', 'Oslo', target)],
    rules: [{ id: rule, source: { site: 'berlin', bucket }, targets: [{ site: 'oslo', bucket }] }],
  }
}

/** The rule waits for its target from here on, and falls back when it does not answer. */
async function promiseAll(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Rules' }).click()
  await page.getByRole('link', { name: rule }).first().click()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByRole('combobox', { name: 'When a write counts as done' }).click()
  await page.getByRole('option', { name: 'All targets (synchronous)' }).click()
  await page.getByText('Success is answered when the source and the target have the write.').waitFor()
  await page.getByLabel('Wait (seconds)').fill('15')
  await page.getByRole('combobox', { name: 'and then' }).click()
  await page.getByRole('option', { name: 'degrade: go on as asynchronous' }).click()
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByText(`The rule ${rule} was changed.`).waitFor()
}

async function turnOnAndMakeKey(page: Page): Promise<S3Client> {
  await page.getByRole('link', { name: 'Gateway', exact: true }).click()
  await page.getByRole('button', { name: 'Turn it on…' }).click()
  const settings = page.getByRole('dialog', { name: 'Settings of the gateway' })
  await settings.getByLabel('Listens on').fill('127.0.0.1:0')
  await settings.getByRole('button', { name: 'Turn it on' }).click()
  const endpoint = await page.getByText(/^http:\/\/127\.0\.0\.1:\d+$/).innerText()
  await page.getByRole('button', { name: 'Create a key' }).click()
  const form = page.getByRole('dialog', { name: 'Create a client key' })
  await form.getByLabel('Client').fill('photo upload')
  await form.getByRole('button', { name: 'Create the key' }).click()
  const shown = page.getByRole('dialog', { name: 'The key of photo upload' })
  const done = shown.getByRole('button', { name: 'I have copied it' })
  await done.waitFor()
  const [accessKeyId = '', secretAccessKey = ''] = await shown.getByRole('definition').locator('.mono').allInnerTexts()
  await done.click()
  await keyRow(page).getByText('not since the start').waitFor()
  return clientOf(endpoint, { accessKeyId, secretAccessKey })
}

/** The SDK as it is, with its default checksums. */
function clientOf(
  endpoint: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): S3Client {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials, maxAttempts: 1 })
  onTestFinished(() => client.destroy())
  return client
}

const put = (client: S3Client, key: string) =>
  client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: `body of ${key}` }))

const keyRow = (page: Page): Locator =>
  page.getByRole('table', { name: 'Client keys' }).getByRole('row').filter({ hasText: 'photo upload' })

/** The newest request of that key, as its row stands: operation and client, answer, acks. */
async function requestRow(page: Page, operation: string, key: string): Promise<readonly string[]> {
  const rows = page.getByRole('table', { name: 'Recent requests' }).getByRole('row')
  const row = rows.filter({ hasText: `${bucket}/${key}` }).filter({ hasText: operation })
  const cells = await row.first().getByRole('cell').allInnerTexts()
  return [cells[1], cells[3], cells[4]].map((text) => (text ?? '').split('\n').join(', '))
}

async function seeRequestsAndAcks({ page, source, target }: TwoSites, client: S3Client): Promise<void> {
  await put(client, 'first.jpg')
  const stored = [source, target].map(({ requests }) => requests.count({ operation: 'PutObject', key: 'first.jpg' }))
  expect(stored).toEqual([1, 1])
  await page.getByText(`${bucket}/first.jpg`).first().waitFor()
  expect(await requestRow(page, 'PutObject', 'first.jpg')).toEqual(['PutObject, photo upload', '200', '2 of 2'])
  await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'absent.jpg' })).catch(() => undefined)
  await page.getByText(`${bucket}/absent.jpg`).waitFor()
  expect(await requestRow(page, 'GetObject', 'absent.jpg')).toEqual(['GetObject, photo upload', '404, NoSuchKey', '–'])
  await keyRow(page).getByText('not since the start').waitFor({ state: 'detached' })
  await promise(page).getByText('Kept', { exact: true }).waitFor()
}

const promise = (page: Page): Locator =>
  page.getByRole('table', { name: 'What writes are promised' }).getByRole('row').filter({ hasText: rule })

async function breakThePromise({ page, target }: TwoSites, client: S3Client): Promise<void> {
  await target.faults.goOffline()
  await put(client, 'late.jpg')
  await promise(page).getByText('Degraded', { exact: true }).waitFor()
  await promise(page).getByText(`oslo/${bucket} did not confirm a write in time.`).waitFor()
  await page
    .getByText(/\b1 rule degraded/)
    .first()
    .waitFor()
  await page.getByText(`${bucket}/late.jpg`).waitFor()
  expect(await requestRow(page, 'PutObject', 'late.jpg')).toEqual([
    'PutObject, photo upload',
    '200',
    '1 of 2, the source only',
  ])
  // Nobody waits for a target that is known to be away.
  await put(client, 'meanwhile.jpg')
  await page.getByText(`${bucket}/meanwhile.jpg`).waitFor()
  await promise(page).getByRole('link', { name: rule }).click()
  const note = page.getByRole('group', { name: `${rule} is degraded` })
  await note.getByText(/^This rule is degraded since \d\d:\d\d:\d\d/).waitFor()
  await note.getByText('Oslo is offline. The site refused the connection.').waitFor()
  await note.getByText('Check that the site is running').waitFor()
  await note.getByText('The promise returns by itself when the targets have caught up.').waitFor()
  await page.getByRole('link', { name: 'See the gateway' }).click()
}

async function returnToThePromise({ page, target }: TwoSites, client: S3Client): Promise<void> {
  await promise(page).getByText('Degraded', { exact: true }).waitFor()
  await target.faults.goOnline()
  await promise(page).getByText('Kept', { exact: true }).waitFor()
  await put(client, 'again.jpg')
  await page.getByText(`${bucket}/again.jpg`).waitFor()
  expect(await requestRow(page, 'PutObject', 'again.jpg')).toEqual(['PutObject, photo upload', '200', '2 of 2'])
  await page.getByText(/degraded/).waitFor({ state: 'detached' })
}

async function revokeTheKey(page: Page, client: S3Client): Promise<void> {
  await page.getByRole('button', { name: 'Revoke the key of photo upload' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke the key' }).click()
  await keyRow(page).waitFor({ state: 'detached' })
  await expect(put(client, 'refused.jpg')).rejects.toMatchObject({ name: 'InvalidAccessKeyId' })
  await page.getByText(`${bucket}/refused.jpg`).waitFor()
  expect(await requestRow(page, 'PutObject', 'refused.jpg')).toEqual([
    'PutObject, no known key',
    '403, InvalidAccessKeyId',
    '–',
  ])
}
