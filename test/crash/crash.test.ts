import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureCeph, startCephSite } from '../support/ceph.ts'
import { reportSkipped } from '../support/install.ts'
import { startSandboxProcess } from '../support/sandbox-process.ts'
import { makeTempDir } from '../support/temp.ts'
import { crashAgainAndAgain } from './crash-run.ts'

const kills = Number(process.env['LOCKSTEP_CRASH_KILLS'] ?? 200)
const seed = Number(process.env['LOCKSTEP_SEED'] ?? Date.now() % 1_000_000)
const ceph = await ensureCeph()
if (!ceph.ok) reportSkipped('kill -9 on real Ceph sites', ceph.reason)
process.stdout.write(`crash: LOCKSTEP_SEED=${seed} LOCKSTEP_CRASH_KILLS=${kills}\n`)

test(`kill -9 at ${kills} moments loses nothing, doubles nothing and keeps the order (LOCKSTEP_SEED=${seed})`, async () => {
  const dir = await makeTempDir('crash')
  // A source whose ids are UUIDs: no others can be adopted.
  const [source, minting, adopting] = await Promise.all([
    startSandboxProcess(join(dir.path, 'source'), 'adopts-minio'),
    startSandboxProcess(join(dir.path, 'minting'), 'mints'),
    startSandboxProcess(join(dir.path, 'adopting'), 'adopts-minio'),
  ])
  const targets = [
    { site: minting, sameIds: false },
    { site: adopting, sameIds: true },
  ]
  const changes = Math.max(200, kills * 25)
  const options = { dir: join(dir.path, 'engine'), seed, kills, changes, multiparts: 12, source, targets }
  const result = await crashAgainAndAgain(options)
  await Promise.all([source, minting, adopting].map((site) => site.stop()))
  process.stdout.write(`crash: ${JSON.stringify({ ...result, differences: undefined })}\n`)
  expect(result.differences).toEqual([[], []])
  expect(result.settledBetweenKills).toBeGreaterThan(kills)
  await dir.remove()
})

test.skipIf(!ceph.ok)(`kill -9 between two real Ceph sites does no harm either (LOCKSTEP_SEED=${seed})`, async () => {
  const dir = await makeTempDir('crash-ceph')
  const [source, target] = await Promise.all(
    ['source', 'target'].map((name) => startCephSite({ name, dir: join(dir.path, name) })),
  )
  try {
    const fewer = Math.max(3, Math.round(kills / 10))
    const base = { dir: join(dir.path, 'engine'), seed, kills: fewer, changes: fewer * 25, multiparts: 4 }
    const result = await crashAgainAndAgain({
      ...base,
      source: source!,
      targets: [{ site: target!, sameIds: false }],
    })
    expect(result.differences).toEqual([[]])
  } finally {
    await Promise.all([source!.stop(), target!.stop()])
  }
  await dir.remove()
})
