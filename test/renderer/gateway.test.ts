import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fault } from '../../shared/model/fault.ts'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { openGateway } from '../support/fake-gateway.ts'
import { fullWorld, type FakeWorld } from '../support/fake-world.ts'

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

function worldWithGateway(): FakeWorld {
  const world = fullWorld(Date.now())
  openGateway(world)
  return world
}

async function openAt(path: string, world: FakeWorld): Promise<OpenConsole> {
  open = await openConsole(browser, world)
  await open.goTo(path)
  return open
}

const inputsOf = ({ engine }: OpenConsole, wanted: string) =>
  engine.calls.filter(({ path }) => path === wanted).map(({ input }) => input)

test('a gateway that is off says how to turn it on, and what it means to listen beyond this computer', async () => {
  const opened = await openAt('gateway', fullWorld(Date.now()))
  const { page } = opened
  const lines = page.getByLabel('the lines of the configuration', { exact: true })
  expect(JSON.parse(`{${await lines.innerText()}}`)).toMatchObject({
    gateway: { site: 'berlin', listen: '127.0.0.1:9000', keys: [{ secretAccessKey: { env: 'BACKUP_CLIENT_SECRET' } }] },
  })
  await page.getByRole('button', { name: 'Turn it on…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Settings of the gateway' })
  await dialog.getByText('Loopback: only programs on this computer reach it.').waitFor()
  await dialog.getByLabel('Listens on').fill('nowhere')
  await dialog.getByRole('button', { name: 'Turn it on' }).click()
  await dialog.getByText('“nowhere” does not fit: use HOST:PORT such as 127.0.0.1:9000.').waitFor()
  await dialog.getByLabel('Listens on').fill('0.0.0.0:9000')
  await dialog.getByText(/^Open: every computer that reaches this one may connect.*not encrypted/).waitFor()
  await dialog.getByRole('button', { name: 'Turn it on' }).click()
  await page.getByText('The gateway listens on http://0.0.0.0:9000.').waitFor()
  await page.getByRole('button', { name: 'Copy the URL' }).waitFor()
  expect(inputsOf(opened, 'gateway.update')).toEqual([
    { settings: { site: 'berlin', listen: '0.0.0.0:9000', hostnames: [], tls: null } },
  ])
})

test('a gateway that cannot listen says why and what to do, on every page, and is tried again', async () => {
  const world = worldWithGateway()
  const value = fault('CANNOT_LISTEN', 'Another program listens on 127.0.0.1:9000 already.', {
    remedy: 'Stop it and try again, or use another port.',
  })
  world.gateway = { ...world.gateway, state: { kind: 'fault', fault: value } }
  const { page } = await openAt('', world)
  await page
    .getByText(/^Gateway does not listen, 3 rules held by 1 cause, .*1 rule degraded/)
    .first()
    .waitFor()
  await page.getByRole('link', { name: 'Gateway', exact: true }).click()
  await page.getByText('Does not listen', { exact: true }).waitFor()
  await page.getByText('Another program listens on 127.0.0.1:9000 already.', { exact: true }).waitFor()
  await page.getByText('Stop it and try again, or use another port.', { exact: true }).waitFor()
  await page.getByText('Not in use').first().waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByText('Listening', { exact: true }).waitFor()
})

test('turning the gateway off names whom it stops, and keeps its settings', async () => {
  const opened = await openAt('gateway', worldWithGateway())
  const { page } = opened
  await page.getByRole('button', { name: 'Turn off…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Turn the gateway off?' })
  await dialog
    .getByText(
      /No client is answered on http:\/\/127\.0\.0\.1:9000 any more\. backup, photo upload, reports, audit 2025, batch-client can/,
    )
    .waitFor()
  await dialog.getByRole('button', { name: 'Turn it off' }).click()
  await page.getByText('Off: no client reaches it').waitFor()
  expect(inputsOf(opened, 'gateway.update')).toMatchObject([{ settings: { site: 'berlin', listen: null } }])
})

test('a client key shows its secret once, and never again', async () => {
  const opened = await openAt('gateway', worldWithGateway())
  const { page } = opened
  await page.getByRole('button', { name: 'Create a key' }).click()
  const form = page.getByRole('dialog', { name: 'Create a client key' })
  await form.getByRole('button', { name: 'Create the key' }).click()
  await form.getByText('The name is empty').waitFor()
  await form.getByLabel('Client').fill('nightly')
  await form.getByLabel('Buckets').fill('ledger')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await form.getByLabel('Key prefixes').fill('2026/')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await form.getByRole('radio', { name: 'Read only' }).check()
  await form.getByRole('button', { name: 'Create the key' }).click()
  const shown = page.getByRole('dialog', { name: 'The key of nightly' })
  await shown.getByText('shown/once/0123456789').waitFor()
  await shown.getByRole('button', { name: 'Copy the secret key' }).waitFor()
  await page.keyboard.press('Escape')
  await shown.getByRole('button', { name: 'I have copied it' }).click()
  await shown.waitFor({ state: 'detached' })
  await page.getByRole('row', { name: /nightly.*Read only ledger 2026\/… never/ }).waitFor()
  expect(await page.content()).not.toContain('shown/once')
  expect(inputsOf(opened, 'gateway.keys.create')).toEqual([
    { label: 'nightly', buckets: ['ledger'], prefixes: ['2026/'], rights: ['read'], expiresAt: null },
  ])
})

test('a key is made with the keyboard alone: rights of one’s choice, and a last day', async () => {
  const opened = await openAt('gateway', worldWithGateway())
  const { page } = opened
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await page.getByRole('button', { name: 'Create a key' }).focus()
  await press('Enter')
  const form = page.getByRole('dialog', { name: 'Create a client key' })
  await form.getByLabel('Client').waitFor()
  await page.keyboard.type('archive')
  await press('Tab', 'ArrowDown', 'ArrowDown')
  expect(await form.getByRole('radio', { name: 'Rights of my choice' }).isChecked()).toBe(true)
  // Read is ticked; write, delete, delete versions follow.
  await press('Tab', 'Tab', 'Space', 'Tab', 'Tab', 'Space')
  await form.getByLabel('Last day').fill('2020-02-01')
  await form.getByLabel('Last day').press('Enter')
  await form.getByText('This day is over: choose today or a later one.').waitFor()
  const year = new Date().getFullYear() + 1
  await form.getByLabel('Last day').fill(`${year}-02-28`)
  await form.getByLabel('Last day').press('Enter')
  await page.getByRole('dialog', { name: 'The key of archive' }).waitFor()
  await press('Enter', 'Tab', 'Tab', 'Tab', 'Tab', 'Enter')
  await page.getByRole('row', { name: /archive.*read, write and delete versions every bucket in/ }).waitFor()
  expect(inputsOf(opened, 'gateway.keys.create')).toEqual([
    {
      label: 'archive',
      buckets: [],
      prefixes: [],
      rights: ['read', 'write', 'deleteVersions'],
      expiresAt: new Date(year, 2, 1).getTime(),
    },
  ])
})

test('the list of keys tells which have expired and what to do, and which soon will', async () => {
  const { page } = await openAt('gateway', worldWithGateway())
  const row = (name: string) => page.getByRole('row').filter({ hasText: name })
  await row('audit 2025').getByText('Expired 2 h ago').waitFor()
  await row('audit 2025').getByText('Its client is refused: create a new key, then revoke this one.').waitFor()
  await row('reports')
    .getByText(/^in (5 d|4 d 23 h)$/)
    .waitFor()
  await row('backup').getByText('never').waitFor()
})

test('revoking a key names exactly what stops working, and a declared key is revoked where it is declared', async () => {
  const opened = await openAt('gateway', worldWithGateway())
  const { page } = opened
  const declared = page
    .getByRole('row')
    .filter({ hasText: 'batch-client' })
    .filter({ hasText: 'Everything' })
    .filter({ hasText: 'ledger' })
  await declared.getByText('in the configuration').waitFor()
  expect(await declared.getByRole('button').count()).toBe(0)
  await page.getByRole('button', { name: 'Revoke the key of photo upload' }).click()
  const dialog = page.getByRole('dialog', { name: 'Revoke the key of photo upload?' })
  await dialog
    .getByText(
      /whoever signs with LSPHOTOS2M is refused and can no longer read, write, delete and set tags in photos, web-assets through http/,
    )
    .waitFor()
  await dialog.getByRole('button', { name: 'Revoke the key' }).click()
  await page.getByRole('cell', { name: 'photos, web-assets' }).waitFor({ state: 'detached' })
  expect(inputsOf(opened, 'gateway.keys.revoke')).toEqual([{ accessKeyId: 'LSPHOTOS2M' }])
})

test('requests appear as they end, with what the client heard and how many sites had the write', async () => {
  const { page, engine } = await openAt('gateway', worldWithGateway())
  const table = page.getByRole('table', { name: 'Recent requests' })
  await table.getByRole('row').nth(2).waitFor()
  const { world } = engine
  const [newest] = world.gatewayRequests
  world.gatewayRequests.unshift({
    ...newest!,
    id: 999,
    at: world.now + 1000,
    key: 'just now.txt',
    acks: '2/3',
    status: 503,
    code: 'ServiceUnavailable',
  })
  engine.push('gateway')
  const row = table.getByRole('row').nth(1)
  await row.filter({ hasText: 'just now.txt' }).waitFor()
  expect((await row.getByRole('cell').allInnerTexts()).slice(1, 5).map((text) => text.split('\n'))).toEqual([
    ['PutObject', 'batch-client'],
    ['ledger/just now.txt'],
    ['503', 'ServiceUnavailable'],
    ['2 of 3'],
  ])
  await page.getByRole('switch', { name: 'Only refused and failed' }).check()
  await table.getByText('ListObjectsV2').first().waitFor({ state: 'detached' })
})

test('a degraded rule says since when, why and what to do, on the overview and on its page, and until it is kept again', async () => {
  const opened = await openAt('', worldWithGateway())
  const { page, engine } = opened
  const note = page.getByRole('group', { name: 'photos-to-oslo is degraded' })
  await page
    .getByText(/rules held by 1 cause, 2 rules stopped, 1 rule degraded/)
    .first()
    .waitFor()
  await note.getByText(/is degraded since \d\d:\d\d:\d\d \(47 min/).waitFor()
  await note.getByRole('link', { name: 'photos-to-oslo' }).click()
  await note.getByText('lyon did not confirm “2026/11/raw/img-0041.jpg” within 5 s.').waitFor()
  await note
    .getByText(/^Promised is “All targets”, 3 of 3 sites; clients of the gateway are answered as asynchronous/)
    .waitFor()
  await note.getByText('Its changes queue and drain when it returns. The promise returns by itself').waitFor()
  engine.world.rules = engine.world.rules.map((rule) => ({ ...rule, degraded: null }))
  engine.push('gateway')
  await note.waitFor({ state: 'detached' })
  await opened.goTo('gateway')
  await page.getByRole('heading', { name: 'What writes are promised' }).waitFor()
})

test('the rule form tells what a policy means for clients and for a disaster, and keeps it', async () => {
  const opened = await openAt('rules/photos-to-oslo?edit=true', worldWithGateway())
  const { page } = opened
  await page.getByText('Success is answered when the source and both targets have the write.').waitFor()
  await page
    .getByText(/success with fewer confirmations \(x-lockstep-acks: 1\/3\), and the rule is shown as degraded/)
    .waitFor()
  await page.getByRole('combobox', { name: 'When a write counts as done' }).click()
  await page.getByRole('option', { name: 'Majority (semi-synchronous)' }).click()
  await page.getByText('Success is answered when 2 of the 3 sites have the write, the source among them.').waitFor()
  await page.getByText('Any one site may be lost without losing a write').waitFor()
  await page.getByText('Reads go to the source; while it is away').waitFor()
  await page.getByRole('combobox', { name: 'Where objects are read' }).click()
  await page.getByRole('option', { name: 'quorum: several copies, the newest wins' }).click()
  await page
    .getByText(
      '3 copies: a write waits for 2, a read asks 2, so every read meets at least one copy with the newest write. Reads go on with any one site down; while the rule is degraded, they may need the source.',
    )
    .waitFor()
  await page.getByLabel('Wait (seconds)').fill('2.5')
  await page.getByRole('combobox', { name: 'and then' }).click()
  await page.getByRole('option', { name: 'fail: tell the client' }).click()
  await page.getByText(/^Without them after 2\.5\ss the client hears 503: stored at the source/).waitFor()
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByText('switch on “Repeat permanent deletes of single versions”').waitFor()
  await page.getByRole('switch', { name: 'Repeat permanent deletes of single versions' }).check()
  await page.getByRole('button', { name: 'Save the rule' }).click()
  await page.getByText('The rule photos-to-oslo was changed.').waitFor()
  expect(inputsOf(opened, 'rules.update')).toMatchObject([
    { ack: { policy: 'majority', timeoutMs: 2500, onTimeout: 'fail', reads: 'quorum' } },
  ])
})
