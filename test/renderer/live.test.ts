import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { BridgeAnswer, BridgeMessage } from '../../shared/api/bridge.ts'
import { faultOf, router } from '../../shared/api/router.ts'
import { fault } from '../../shared/model/fault.ts'
import { startConsoleHost } from '../support/console-host.ts'
import { builtConsole } from '../support/console-build.ts'
import { launchBrowser, openConsole, type OpenConsole } from '../support/console-page.ts'
import { createFakeEngine } from '../support/fake-engine.ts'
import { emptyWorld, fullWorld } from '../support/fake-world.ts'

let browser: Browser
let open: OpenConsole
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
afterEach(() => open.close())

test('a pushed batch changes the screen without a question', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('')
  const { page, engine } = open
  await page
    .getByText(/2 rules stopped, 5,000 items need attention, 13 rules behind, 2 rules paused/)
    .first()
    .waitFor()
  engine.world.failures = engine.world.failures.slice(0, 12)
  const asked = engine.calls.length
  engine.push()
  await page
    .getByText(/2 rules stopped, 12 items need attention, 13 rules behind, 2 rules paused/)
    .first()
    .waitFor()
  expect(engine.calls.slice(asked).filter(({ path }) => path === 'overview.get')).toEqual([])
})

test('only the lists of the pushed topics are asked for again', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('activity')
  const { page, engine } = open
  await page.getByRole('button', { name: 'Load older' }).waitFor()
  engine.world.activity = [
    { ...engine.world.activity[0]!, id: 251, text: 'Paris was added.' },
    ...engine.world.activity,
  ]
  const before = engine.calls.length
  engine.push('activity')
  await page.getByText('Paris was added.').waitFor()
  const asked = new Set(engine.calls.slice(before).map(({ path }) => path))
  expect(asked.has('activity.list')).toBe(true)
  expect(asked.has('failures.list')).toBe(false)
})

test('a lost engine is told with the time of the last word, and everything is fresh again when it returns', async () => {
  open = await openConsole(browser, fullWorld(Date.now()))
  await open.goTo('sites')
  const { page, engine, host } = open
  await page.getByText('Live, as of').waitFor()
  const port = Number(new URL(host.url).port)
  await host.stop()
  engine.hangUp()
  const banner = page.getByRole('alert').filter({ hasText: 'The engine does not answer.' })
  await banner.getByText(/What you see is as of \d\d:\d\d:\d\d, /).waitFor()
  engine.world.sites = engine.world.sites.map((site) =>
    site.id === 'oslo' ? { ...site, name: 'Oslo (new hall)' } : site,
  )
  const again = await startConsoleHost(engine.api, await builtConsole(), port)
  await banner.getByRole('button', { name: 'Try now' }).click()
  await banner.waitFor({ state: 'detached' })
  await page.getByText('Oslo (new hall)').waitFor()
  await again.stop()
})

test('over the Electron bridge the same console lives, and a refusal keeps its fault', async () => {
  open = await openConsole(browser, emptyWorld(Date.now()))
  const { page, host } = open
  const engine = createFakeEngine(fullWorld(Date.now()))
  engine.refuse('sites.list', fault('VAULT_LOCKED', 'The passphrase does not open the vault.'))
  const caller = router.createCaller({ api: engine.api })
  await page.exposeFunction(
    'bridgeCall',
    async (path: string, _type: string, input: unknown): Promise<BridgeAnswer> => {
      const [subject, name] = path.split('.') as [string, string]
      const procedures = caller as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>
      try {
        return { ok: true, value: await procedures[subject]![name]!(input) }
      } catch (error) {
        const value = faultOf(error)
        return { ok: false, error: { message: value.message, data: { fault: value } } }
      }
    },
  )
  await page.exposeFunction('bridgeWatch', async () => {
    for await (const batch of engine.api.live.watch(new AbortController().signal)) {
      const message: BridgeMessage = { kind: 'batch', batch }
      await page.evaluate((heard) => (window as unknown as { hear(message: BridgeMessage): void }).hear(heard), message)
      if (page.isClosed()) return
    }
  })
  await page.addInitScript(() => {
    const shell = window as unknown as {
      hear: (message: unknown) => void
      bridgeCall: (...call: unknown[]) => Promise<unknown>
      bridgeWatch: () => Promise<void>
      lockstep: unknown
    }
    shell.lockstep = {
      platform: 'darwin',
      call: (path: string, type: string, input: unknown) => shell.bridgeCall(path, type, input),
      watch: (listener: (message: unknown) => void) => {
        shell.hear = listener
        void shell.bridgeWatch()
        return () => {}
      },
    }
  })
  await page.goto(`${host.url}#/failures`)
  await page.getByText('5,000 items not in step').waitFor()
  await page.getByText('Live, as of').waitFor()
  await page.getByRole('link', { name: 'Sites' }).click()
  await page.getByText('The passphrase does not open the vault.', { exact: true }).waitFor()
  await page.keyboard.press('?')
  await page.getByText('⌘ 1').waitFor()
  engine.hangUp()
})
