import path from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { ensureBuild } from '../../build/freshness.ts'
import { eventually } from '../support/eventually.ts'
import { makeTempDir } from '../support/temp.ts'
import { launchLoopback } from './launch.ts'

const root = path.resolve(import.meta.dirname, '../..')

beforeAll(() => ensureBuild(root, () => undefined), 120_000)

test('when the system turns light or dark, all text follows, with reduced motion too', async () => {
  const temp = await makeTempDir('e2e')
  const { page, close } = await launchLoopback({ dataDir: path.join(temp.path, 'data') })
  onTestFinished(async () => {
    await close()
    await temp.remove()
  })
  await page.getByRole('heading', { name: 'Nothing is kept in step yet' }).waitFor()
  const coloursOfHeadings = () =>
    page.getByRole('heading').evaluateAll((headings) => headings.map((one) => getComputedStyle(one).color))
  for (const [colorScheme, text] of [
    ['dark', 'rgb(221, 228, 232)'],
    ['light', 'rgb(0, 0, 0)'],
    ['dark', 'rgb(221, 228, 232)'],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await eventually(async () => expect(new Set(await coloursOfHeadings())).toEqual(new Set([text])))
  }
})
