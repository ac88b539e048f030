import { expect, test } from 'vitest'
import { attack, nothingFound } from '../hostile/attack.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import { makeTempDir } from '../support/temp.ts'

test('none of hundreds of hostile requests gets, changes or learns more than its key may, and the rightful ones are served', async () => {
  const dir = await makeTempDir('hostile')
  const site = await startSandboxProcess(`${dir.path}/site`, 'mints')
  try {
    const { findings, accepted, refused } = await attack({ site, dir: dir.path, requests: 900, seed: 8 })
    expect(findings).toEqual(nothingFound)
    expect(accepted).toBeGreaterThan(100)
    expect(refused).toBeGreaterThan(400)
  } finally {
    await site.stop()
  }
  await dir.remove()
})
