import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import { eventually } from '../support/eventually.ts'
import { makeTempDir } from '../support/temp.ts'
import { collectComplaints, launchChromium } from './launch.ts'

const root = path.resolve(import.meta.dirname, '../..')
let browser: Browser

beforeAll(async () => {
  await ensureBuild(root, () => undefined)
  browser = await launchChromium()
}, 120_000)
afterAll(() => browser.close())

test(
  'a newcomer sees replication within a minute, breaks the target, heals it, and leaves nothing behind',
  { timeout: 240_000 },
  async () => {
    const temp = await makeTempDir('e2e')
    const { demo, link } = await startDemo(temp.path)
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
    page.setDefaultTimeout(60_000)
    const complaints = collectComplaints(page)
    await page.goto(await link)
    await seeTraffic(page)
    await breakAndHeal(page)
    expect(complaints).toEqual([])
    await page.close()
    demo.kill('SIGTERM')
    const [code] = await once(demo, 'exit')
    expect(code).toBe(0)
    expect(await readdir(temp.path)).toEqual([])
    await temp.remove()
  },
)

/** The demo with a temporary folder of its own, and the link that it prints within a minute. */
async function startDemo(tempDir: string): Promise<{ readonly demo: ChildProcess; readonly link: Promise<string> }> {
  await mkdir(tempDir, { recursive: true })
  const demo = spawn(process.execPath, [path.join(root, 'build/run.mjs'), 'demo', '--no-open'], {
    env: { ...process.env, TMPDIR: tempDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    if (demo.exitCode !== null || demo.signalCode !== null) return
    demo.kill('SIGKILL')
    await once(demo, 'exit')
  })
  const lines: string[] = []
  createInterface({ input: demo.stdout }).on('line', (line) => lines.push(line))
  const link = eventually(
    () => {
      const found = lines.map((line) => /Lockstep’s console: (\S+)/.exec(line)?.[1]).find(Boolean)
      if (found === undefined) throw new Error(`no link within a minute, but: ${lines.join('\n')}`)
      return found
    },
    { withinMs: 60_000, everyMs: 100 },
  )
  return { demo, link }
}

async function seeTraffic(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  const throughput = page.getByText('Throughput', { exact: true }).locator('..')
  await throughput.getByText(/^(?!0\.0 )[\d.,]+ objects\/s$/).waitFor()
}

async function breakAndHeal(page: Page): Promise<void> {
  const card = page.getByRole('article')
  await page.getByRole('button', { name: 'Break the target' }).click()
  await card.getByText('Held', { exact: true }).waitFor()
  await card.getByText('Oslo (sample) is offline. The site refused the connection.').waitFor()
  await card.getByText(/changes wait and drain when it returns\./).waitFor()
  await page
    .getByText(/1 rule behind/)
    .first()
    .waitFor()
  await page.getByRole('button', { name: 'Heal the target' }).click()
  await card.getByText('In step', { exact: true }).waitFor()
  await card.getByText('Nothing', { exact: true }).waitFor()
}
