import { expect, test } from 'vitest'
import { IdentityProbes } from '../../electron/engine/link/identity.ts'
import { eventually } from '../support/eventually.ts'
import { HandClock } from './scan-world.ts'

test('many targets of one site are probed a few at a time, those of another beside them, and each gets its turn', async () => {
  const open: { readonly name: string; readonly end: () => void }[] = []
  const ended = new Set<string>()
  let most = 0
  const probes = new IdentityProbes({
    probe: ({ site, bucket }) => {
      const name = `${site}/${bucket}`
      return new Promise((resolve) => {
        open.push({ name, end: () => resolve({ identity: 'mints', ordersByMtime: false }) })
        most = Math.max(most, open.filter((one) => one.name.startsWith('b/')).length)
      })
    },
    clock: new HandClock(),
    onChange: ({ site, bucket }) => ended.add(`${site}/${bucket}`),
  })
  for (let at = 0; at < 30; at++) probes.want({ site: 'b', bucket: `bucket-${at}` })
  probes.want({ site: 'c', bucket: 'other' })
  await eventually(() => expect(open.map(({ name }) => name)).toContain('c/other'))
  while (ended.size < 31) {
    open.shift()?.end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(most).toBeLessThanOrEqual(4)
  probes.stop()
})
