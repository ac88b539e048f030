import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fault } from '../../shared/model/fault.ts'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { openGateway } from '../support/fake-gateway.ts'
import { driftBuckets, emptyWorld, fullWorld, type FakeWorld } from '../support/fake-world.ts'

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

interface PageCase {
  readonly path: string
  readonly heading: string
  readonly asks: string
  readonly empty: string
  readonly loading: string
  readonly full: string
}

const cases: readonly PageCase[] = [
  {
    path: '',
    heading: 'Overview',
    asks: 'overview.get',
    empty: 'Nothing is kept in step yet',
    loading: 'Loading the overview',
    full: '20 links',
  },
  {
    path: 'sites',
    heading: 'Sites',
    asks: 'sites.list',
    empty: 'No sites yet',
    loading: 'Loading the sites',
    full: 'Lyon (archive)',
  },
  {
    path: 'rules',
    heading: 'Rules',
    asks: 'rules.list',
    empty: 'No rules yet',
    loading: 'Loading the rules',
    full: 'backups-daily-to-oslo-2',
  },
  {
    path: 'gateway',
    heading: 'Gateway',
    asks: 'gateway.view',
    empty: 'The gateway is off',
    loading: 'Loading the gateway',
    full: 'http://127.0.0.1:9000',
  },
  {
    path: 'transfers',
    heading: 'Transfers',
    asks: 'transfers.list',
    empty: 'Nothing is in flight',
    loading: 'Loading the transfers',
    full: '2026/11/raw/segment-00000.bin',
  },
  {
    path: 'failures',
    heading: 'Failures',
    asks: 'failures.list',
    empty: 'Nothing failed',
    loading: 'Loading the failures',
    full: '5,000 items not in step',
  },
  {
    path: 'activity',
    heading: 'Activity',
    asks: 'activity.list',
    empty: 'Nothing has happened yet',
    loading: 'Loading the activity',
    full: 'Oslo asked to slow down; the workers were lowered from 100 to 64.',
  },
]

function busyWorld(): FakeWorld {
  const world = fullWorld(Date.now())
  openGateway(world)
  return world
}

test('every page says what would fill it while it is empty', async () => {
  open = await openConsole(browser, emptyWorld(Date.now()))
  for (const { path, heading, empty } of cases) {
    await open.goTo(path)
    await open.page.getByRole('heading', { level: 1, name: heading }).waitFor()
    await open.page.getByRole('heading', { name: empty }).waitFor()
  }
})

test('every page says what it is loading', async () => {
  open = await openConsole(browser, busyWorld())
  // The stream brings overview and transfers by itself; held, nothing arrives.
  for (const path of ['live.watch', ...cases.map(({ asks }) => asks)]) open.engine.hold(path)
  for (const { path, loading } of cases) {
    await open.goTo(path)
    await open.page.getByRole('status', { name: loading }).waitFor()
  }
})

test('every page shows what there is', async () => {
  open = await openConsole(browser, busyWorld())
  for (const { path, full } of cases) {
    await open.goTo(path)
    await open.page.getByText(full).first().waitFor()
  }
})

test('every page tells a fault with title, message and remedy, and recovers from it', async () => {
  open = await openConsole(browser, busyWorld())
  const { page, engine } = open
  engine.hold('live.watch')
  for (const { asks } of cases) engine.refuse(asks, fault('JOURNAL_UNWRITABLE', 'No space is left on /data.'))
  for (const { path, asks, full } of cases) {
    await open.goTo(path)
    const alert = page.getByRole('alert').filter({ hasText: 'The journal cannot be written.' })
    await alert.getByText('No space is left on /data.', { exact: true }).waitFor()
    await alert.getByText('Free space on the disk that holds the data directory').first().waitFor()
    engine.refuse(asks, null)
    await alert.getByRole('button', { name: 'Try again' }).click()
    await page.getByText(full).first().waitFor()
  }
})

test('no page scrolls sideways, at a desk or in a small window', async () => {
  for (const [width, height] of [
    [1440, 900],
    [1024, 700],
  ] as const) {
    open = await openConsole(browser, busyWorld(), { width, height })
    for (const { path, heading } of [
      ...cases,
      { path: 'settings', heading: 'Settings' },
      { path: 'pair', heading: 'Pair two sites' },
    ]) {
      await open.goTo(path)
      await open.page.getByRole('heading', { level: 1, name: heading }).waitFor()
      const over = await open.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect({ path, width, over: Math.max(0, over) }).toEqual({ path, width, over: 0 })
    }
    await open.close()
  }
})

test('the state of everything is read to its end in a small window', async () => {
  const world = busyWorld()
  const state = { kind: 'stopped', by: 'topology', reason: 'A ring.', remedy: 'Switch one off.' } as const
  world.rules = world.rules.map((rule, index) =>
    index === 7 ? { ...rule, links: rule.links.map((link) => ({ ...link, state, notConverging: 12 })) } : rule,
  )
  open = await openConsole(browser, world, { width: 1024, height: 700 })
  await open.goTo('')
  const header = open.page.getByRole('banner')
  const said = (await header
    .getByText(/do not converge|does not converge/)
    .first()
    .boundingBox())!
  const next = (await header.getByRole('button').first().boundingBox())!
  expect(said.x + said.width).toBeLessThanOrEqual(next.x)
  expect(said.y + said.height).toBeLessThanOrEqual(52)
})

test('a rule that the brake stopped does not look as if it were paused on purpose', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('')
  const card = open.page.getByRole('article').filter({ hasText: 'backups-daily-to-oslo-2' })
  await card.getByText('Stopped', { exact: true }).waitFor()
  await card.getByText('Stands still while stopped').waitFor()
  expect(await card.getAttribute('data-tone')).toBe('bad')
})

test('every state that is not green says why and what to do', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('')
  const card = open.page.getByRole('article').filter({ hasText: 'builds-to-lyon' }).first()
  await card.getByText('Held', { exact: true }).waitFor()
  await card.getByText(/^Lyon \(archive\) is offline\./).waitFor()
  await card.getByText('Its changes queue and drain when it returns.').waitFor()
})

test('the brake is released only by a button that follows its numbers', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('rules/backups-daily-to-oslo-2')
  const banner = open.page.getByRole('group', { name: 'The brake stopped this rule' })
  await banner.getByText('4,211 deletes in 3 min, 93 % of all changes.').waitFor()
  await banner.getByText('Last clean moment:').waitFor()
  await banner.getByText('2026/03/week 09.tar').waitFor()
  await banner.getByRole('button', { name: 'These deletes are wanted: release the brake' }).click()
  await banner.waitFor({ state: 'detached' })
  expect(open.engine.calls).toContainEqual({ path: 'rules.resume', input: { id: 'backups-daily-to-oslo-2' } })
})

test('a site in use names the rules that keep it, and is not removed', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('sites?site=oslo')
  await open.page.getByRole('button', { name: 'Remove…' }).click()
  await open.page.getByRole('dialog', { name: 'Oslo is in use' }).getByText('photos-to-oslo, ledger-to-oslo').waitFor()
  expect(open.engine.calls.filter(({ path }) => path === 'sites.remove')).toEqual([])
})

test('an import shows its changes before it makes them', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('settings')
  const { page, engine } = open
  await page.getByLabel('Import').fill('no json')
  await page.getByRole('button', { name: 'Show the changes' }).click()
  await page.getByRole('group', { name: 'The configuration is not valid.' }).waitFor()
  await page.getByLabel('Import').fill('{"version":1}')
  await page.getByRole('button', { name: 'Show the changes' }).click()
  await page.getByText('The site paris is added.').waitFor()
  expect(engine.calls.some(({ path }) => path === 'config.apply')).toBe(false)
  await page.getByRole('button', { name: 'Apply 2 changes' }).click()
  await page.getByText('2 changes applied.').waitFor()
})

test('a chart without a line says when its first point comes, and draws as soon as there are two', async () => {
  const world = fullWorld(Date.now())
  world.series = []
  open = await openConsole(browser, world)
  await open.goTo('')
  const { page } = open
  await page.getByText(/^Collecting; first point in [1-5] s\. It is measured every 5 s\.$/).waitFor()
  const point = {
    at: Date.now(),
    backlogCount: 7,
    backlogBytes: 0,
    lagSeconds: 2,
    objectsPerSecond: 0,
    bytesPerSecond: 0,
  }
  world.series = [{ ...point, failures: 0, rttMs: null }]
  await page.getByText(/^Collecting; one point so far/).waitFor()
  world.series = [point.at - 5000, point.at].map((at) => ({ ...point, at, failures: 0, rttMs: null }))
  await page.getByText('Collecting').waitFor({ state: 'detached' })
  expect(await page.getByRole('figure', { name: 'Backlog, changes' }).locator('path.recharts-curve').count()).toBe(2)
})

test('the charts of a rule with two targets are of one link, and of which can be chosen', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('rules/photos-to-oslo')
  const { page, engine } = open
  await page.getByRole('heading', { name: 'To photos @ oslo over time' }).waitFor()
  await page.getByRole('combobox', { name: 'Which link' }).click()
  await page.getByRole('option', { name: 'photos-archive @ lyon' }).click()
  await page.getByRole('heading', { name: 'To photos-archive @ lyon over time' }).waitFor()
  const asked = engine.calls.filter(({ path }) => path === 'overview.series').map(({ input }) => input)
  expect(new Set(asked.map((input) => (input as { linkId: string }).linkId))).toEqual(
    new Set(['photos-to-oslo/oslo/photos', 'photos-to-oslo/lyon/photos-archive']),
  )
})

test('a rule that is switched off can be switched on where it says so', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  const off = open.engine.world.rules.find(({ enabled }) => !enabled)!
  await open.goTo(`rules/${off.id}`)
  await open.page.getByText('Switch it on, on the rule’s page, to go on.').waitFor()
  await open.page.getByRole('button', { name: 'Switch on' }).click()
  await open.page.getByText(`${off.id} is on again.`).waitFor()
  const { path, input } = open.engine.calls.find(({ path }) => path === 'rules.update')!
  expect({ path, input }).toMatchObject({ input: { id: off.id, enabled: true } })
})

test('the address of the webhook is shown when it is made, and never again', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('settings')
  const { page } = open
  await page.getByText('http://192.0.2.10:7400/events/…').waitFor()
  await page.getByRole('button', { name: 'Make a new address…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Make a new webhook address?' })
  await dialog.getByText(/The address before is refused from then on/).waitFor()
  await dialog.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('http://192.0.2.10:7400/events/shown-once').waitFor()
  await page.getByRole('button', { name: 'Copy the webhook address' }).waitFor()
  await open.goTo('activity')
  await page.getByRole('heading', { name: 'Activity', level: 1 }).waitFor()
  await open.goTo('settings')
  await page.getByText('http://192.0.2.10:7400/events/…').waitFor()
  expect(await page.content()).not.toContain('shown-once')
})

test('what holds rules is told once with its count, and looked at again by a button', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('')
  const { page, engine } = open
  const note = page.getByRole('region', { name: /^Lyon \(archive\) is offline\./ })
  await note.getByText(/^3 rules are held: /).waitFor()
  await page.getByRole('img', { name: '3 rules held by 1 cause' }).waitFor()
  await note.getByRole('button', { name: 'Look again now' }).click()
  await expect.poll(() => engine.calls.filter(({ path }) => path === 'rules.lookAgain')).toHaveLength(1)
  for (const path of ['rules', 'failures']) {
    await open.goTo(path)
    await note.waitFor()
  }
})

test('buckets that are not what they were are shown on the overview, at their rule and at their site, until they are again', async () => {
  const world = fullWorld(Date.now())
  driftBuckets(world)
  open = await openConsole(browser, world)
  const { page } = open
  const note = page.getByRole('region', { name: 'berlin/photos keeps no versions any more.' })
  const rights = page.getByRole('region', { name: 'Rights on oslo/photos were lost.' })
  for (const path of ['', 'rules/photos-to-oslo']) {
    await open.goTo(path)
    await note.getByText('Enable versioning on the bucket; this goes away within a minute then.').waitFor()
    await rights.getByText(/^Noticed 25 min .* ago\. 1 rule uses it: photos-to-oslo\.$/).waitFor()
  }
  await page
    .getByText(/2 changed buckets/)
    .first()
    .waitFor()
  await open.goTo('sites?site=berlin')
  await note.getByRole('link', { name: 'photos-to-oslo' }).waitFor()
  expect(await rights.count()).toBe(0)
  const [first, ...others] = world.rules
  world.rules = [{ ...first!, links: first!.links.map((link) => ({ ...link, drift: [] })) }, ...others]
  open.engine.push('rules')
  await note.waitFor({ state: 'detached' })
})

test('a comparison of sites that list not all they have is called equal in what is listed, in its row too', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('rules/photos-to-oslo?report=compare-1')
  const { page } = open
  await page.getByText('Equal in what is listed', { exact: true }).waitFor()
  await page.getByText(/^Equal in what is listed by attributes .* are in no listing of berlin\/photos/).waitFor()
  expect(await page.getByText('Equal', { exact: true }).count()).toBe(0)
})

test('a comparison tells the cost of each level before it starts, and its report what it may claim', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('rules/photos-to-oslo?report=compare-2')
  const { page, engine } = open
  await page.getByText(/^Different: 37 differences in 184,302 keys/).waitFor()
  await page.getByText(/1,204 × Delete markers, which the rule does not copy, such as/).waitFor()
  await page.getByText('1 change on its way', { exact: true }).waitFor()
  await page.getByText('1 version not seen', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Compare', exact: true }).click()
  const dialog = page.getByRole('dialog', { name: 'Compare both sides' })
  await dialog.getByText(/Up to 1,267,000 requests, 3\.82 TiB to read, time not known; counted/).waitFor()
  await dialog.getByRole('radio', { name: 'By bytes' }).check()
  await dialog.getByRole('button', { name: 'Compare' }).click()
  await page.getByText('Started: Compare photos-to-oslo by bytes').waitFor()
  expect(engine.calls.find(({ path }) => path === 'compare.start')?.input).toMatchObject({ level: 'bytes' })
})
