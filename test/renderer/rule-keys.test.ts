import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { LinkKeys, LinkState } from '../../shared/model/rule.ts'
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

/** The first rule of a full console, in this state and with these keys. */
async function rulePage(state: LinkState, kind: LinkKeys['kind'], keys: readonly string[]): Promise<Page> {
  const world = fullWorld(Date.now())
  const [rule] = world.rules
  const [link] = rule!.links
  const notConverging = kind === 'not-converging' ? keys.length : 0
  world.rules[0] = {
    ...rule!,
    enabled: true,
    paused: null,
    links: [{ ...link!, state, backlogCount: 0, notConverging }],
  }
  world.ruleKeys.set(rule!.id, [{ linkId: link!.linkId, kind, count: keys.length, keys: keys.map(written) }])
  open = await openConsole(browser, world)
  await open.goTo(`rules/${rule!.id}`)
  return open.page
}

const written = (key: string): LinkKeys['keys'][number] => ({
  key,
  source: { versionId: '1', modifiedAt: Date.now() - 60_000, sizeBytes: 2048, deleteMarker: false },
  target: { versionId: '2', modifiedAt: Date.now() - 30_000, sizeBytes: 0, deleteMarker: true },
})

test('keys that do not converge are named with what either side has', async () => {
  const state = {
    kind: 'not-converging',
    count: 2,
    reason: '2 keys were written at both sides.',
    remedy: 'Write one.',
  } as const
  const page = await rulePage(state, 'not-converging', ['a/one.txt', 'a/two.txt'])
  await page.getByText('Not converging').first().waitFor()
  const table = page.getByRole('table', { name: 'Keys that do not converge' })
  await table.getByText('a/one.txt').waitFor()
  expect(await table.getByRole('row').nth(1).innerText()).toMatch(/2\.00 KiB, written \d+ min.*Deleted \d+ .*ago/s)
})

test('while the keys are not known, nobody says that a look was cancelled', async () => {
  const page = await rulePage(
    { kind: 'stopped', by: 'target-writes', reason: '1 key.', remedy: 'Decide.' },
    'target-writes',
    ['ledger.csv'],
  )
  const note = page.getByRole('group', { name: 'Others wrote at the target of this rule' })
  await note.waitFor()
  open!.engine.hold('rules.keys')
  await page.reload()
  await page.getByText('Stopped', { exact: true }).first().waitFor()
  expect(await page.getByText('the look was cancelled').count()).toBe(0)
})

test('a rule that would cover what others wrote asks before it does, and covers when told to', async () => {
  const page = await rulePage(
    { kind: 'stopped', by: 'target-writes', reason: '1 key.', remedy: 'Decide.' },
    'target-writes',
    ['ledger.csv'],
  )
  const note = page.getByRole('group', { name: 'Others wrote at the target of this rule' })
  await note.getByText('1 key at the target was written by others. Nothing was covered yet.').waitFor()
  await page.getByRole('table', { name: 'Written by others at the target' }).getByText('ledger.csv').waitFor()
  await note.getByRole('button', { name: 'Cover them' }).click()
  await expect
    .poll(() => open!.engine.calls.find(({ path }) => path === 'rules.answer')?.input)
    .toMatchObject({ answer: 'cover' })
})
