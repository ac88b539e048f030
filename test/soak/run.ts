import { makeTempDir } from '../support/temp.ts'
import { soak, type SoakReport } from './soak.ts'
import { vendorsHere } from './stage.ts'
import { words, type Word } from './tally.ts'

/**
 * `npm run soak -- [--minutes N] [--seed N] [--rate N] [--sandbox]`: hours of mixed load and random faults between MinIO,
 * Ceph and a sandbox. Ends with a failure when one word was not true, or when the sites are not equal in the end.
 */
export async function main(args: readonly string[]): Promise<number> {
  const number = (name: string, otherwise: number): number => {
    const at = args.indexOf(name)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  const seed = number('--seed', Date.now() % 1_000_000)
  const minutes = number('--minutes', 60)
  const dir = await makeTempDir('soak')
  const wanted = args.includes('--sandbox')
    ? ({ oslo: 'sandbox', bergen: 'sandbox', narvik: 'sandbox' } as const)
    : ({ oslo: 'minio', bergen: 'ceph', narvik: 'sandbox' } as const)
  const vendors = await vendorsHere(wanted, say)
  say(
    `soak: ${minutes} minutes, seed ${seed}: ${Object.entries(vendors)
      .map((pair) => pair.join(' is '))
      .join(', ')}`,
  )
  const options = { ratePerSecond: number('--rate', 3), roundEveryMs: 60_000, longestFaultMs: 75_000, tell: say }
  const report = await soak({ dir: dir.path, minutes, seed, vendors, ...options })
  tell(report)
  if (!holds(report)) {
    say(`kept: ${dir.path}`)
    return 1
  }
  await dir.remove()
  return 0
}

export const holds = ({ tally, apart }: SoakReport): boolean => tally.lies.length === 0 && apart.length === 0

function tell(report: SoakReport): void {
  const { tally, residentBytes } = report
  for (const line of [...tally.lies, ...report.apart.map((one) => `not equal in the end: ${one}`)]) say(`✘ ${line}`)
  for (const line of report.complaints) say(`engine: ${line}`)
  say(`\n${'word'.padEnd(14)}${['checks', 'looked at', 'not asked', 'lies'].map((name) => name.padStart(12)).join('')}`)
  for (const word of Object.keys(words) as Word[]) {
    const { checks, looked, unasked, lies } = tally.count(word)
    say(`${word.padEnd(14)}${[checks, looked, unasked, lies].map((count) => String(count).padStart(12)).join('')}`)
  }
  for (const [reason, count] of tally.reasons) say(`  not asked ${count} times: ${reason}`)
  say(`faults: ${counts(report.faults)}`)
  say(
    `changes: ${report.answered} answered (${counts(report.steps)}), ${report.unanswered} not (${counts(report.refusals)})`,
  )
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
  const { middle, end, most } = residentBytes
  say(
    `engine: ${report.lives} lives, ${megabytes(middle)} resident at half time, ${megabytes(end)} at the end, ${megabytes(most)} at most`,
  )
  say(`${report.rounds} rounds, ${tally.lies.length} lies, ${report.apart.length} rules not equal in the end`)
}

const counts = (all: ReadonlyMap<string, number>): string =>
  [...all].map(([name, count]) => `${count} ${name}`).join(', ')

function say(line: string): void {
  process.stdout.write(`${line.replaceAll(/[^\n -~→≠…’“”✘]/gu, '?')}\n`)
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
