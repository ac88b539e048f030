import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureCeph } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { cellsOf, lies, lineOf, storms, wordsOf, type Cell, type Heard, type Look } from './fault-matrix-cells.ts'
import { openMatrixWorld, type MatrixWorld } from './fault-matrix-world.ts'

const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('the gateway’s fault matrix between real Ceph sites', ceph.reason)

interface Played {
  readonly cell: Cell
  readonly heard: Heard
  readonly atOnce: Look
}

describe.skipIf(!ceph.ok)('between two real Ceph sites, whatever fails at whatever step', () => {
  let world: MatrixWorld
  const lines: string[] = []

  beforeAll(async () => {
    world = await openMatrixWorld()
    await world.prepare(storms.flatMap(cellsOf))
  })

  afterAll(async () => {
    const head =
      'what fails; request; policy; what the client heard; at source, near and far at once; and after healing'
    process.stdout.write(`\n${head}\n${lines.join('\n')}\n`)
    await world.close()
  })

  test.each(storms.map((storm) => [wordsOf(storm), storm] as const))(
    '%s: no client hears a lie, and the sites end in step',
    async (_, storm) => {
      await world.breakOut(storm)
      const play = async (cell: Cell): Promise<Played> => ({
        cell,
        heard: await world.act(cell),
        atOnce: await world.look(cell),
      })
      const played = await Promise.all(cellsOf(storm).map(play))
      await world.heal()
      const found: string[] = []
      for (const { cell, heard, atOnce } of played) {
        const healed = await world.look(cell)
        const line = lineOf(cell, heard, atOnce, healed)
        lines.push(line)
        found.push(...lies(cell, heard, atOnce, healed).map((lie) => `${line}: ${lie}`))
      }
      expect(found).toEqual([])
    },
    180_000,
  )

  test('a request that was not confirmed is safe to repeat, and every version is the same everywhere, once', async () => {
    const puts = storms.flatMap(cellsOf).filter(({ operation }) => operation === 'put')
    for (const cell of puts.filter(({ policy }) => policy === 'all')) expect((await world.act(cell)).answer).toBe('200')
    await world.heal()
    expect(await world.differences()).toEqual([])
  })
})
