import { expect, test } from 'vitest'
import { makeTempDir } from '../support/temp.ts'
import { soak } from '../soak/soak.ts'

const seed = Number(process.env['LOCKSTEP_SEED'] ?? Date.now() % 1_000_000)

/** The hour of `npm run soak` in a minute, between sandbox sites. */
test(
  `no word of the API is untrue under mixed load and random faults (LOCKSTEP_SEED=${seed})`,
  { timeout: 600_000 },
  async () => {
    const dir = await makeTempDir('soak')
    const told: string[] = []
    const report = await soak({
      dir: dir.path,
      minutes: 1,
      seed,
      vendors: { oslo: 'sandbox', bergen: 'sandbox', narvik: 'sandbox' },
      ratePerSecond: 3,
      roundEveryMs: 5_000,
      longestFaultMs: 6_000,
      tell: (line) => void told.push(line),
    })
    const { tally, apart, complaints } = report
    expect({ lies: tally.lies, apart, complaints }, told.join('\n')).toEqual({ lies: [], apart: [], complaints: [] })
    // Without these it would have proved nothing.
    const checked = (['acknowledged', 'settled', 'in step', 'equal'] as const).filter(
      (word) => tally.count(word).checks > 0,
    )
    expect(checked).toEqual(['acknowledged', 'settled', 'in step', 'equal'])
    expect(report.faults.size).toBeGreaterThan(0)
    await dir.remove()
  },
)
