import type { AskOptions } from './commands.ts'
import { exitCodes, type CliIo, type ExitCode } from './io.ts'
import { renewJournal } from '../engine/renewal/renew-journal.ts'
import { renewVault } from '../secrets/vault-renewal.ts'

/** `lockstep journal renew`: the way out of a damaged journal. */
export async function renewDamagedJournal(io: CliIo, { data, json }: AskOptions): Promise<ExitCode> {
  const { values: _values, ...renewal } = await renewJournal(data, io.now)
  if (json === true) io.out(JSON.stringify(renewal))
  else {
    io.out('A new journal stands in the place of the damaged one.')
    io.out(`Kept aside: ${renewal.aside.length === 0 ? 'nothing, the file was gone' : renewal.aside.join(', ')}`)
    io.out(`Sites taken over: ${listed(renewal.siteIds)}`)
    io.out(`Rules taken over, paused: ${listed(renewal.ruleIds)}`)
    if (renewal.unreadable.length > 0) io.out(`Found, but not whole, and left out: ${renewal.unreadable.join(', ')}`)
    io.out('Lost:')
    for (const line of renewal.lost) io.out(`- ${line}`)
    io.out('Start Lockstep (with --config, if that declares sites and rules), look at each rule, then resume it.')
  }
  return exitCodes.yes
}

/** `lockstep vault renew`: the way out when what opens the credentials is lost. */
export function renewLockedVault(io: CliIo, { data, json }: AskOptions): Promise<ExitCode> {
  const { aside, keysOf } = renewVault(data, io.now())
  if (json === true) io.out(JSON.stringify({ aside, keysOf }))
  else {
    io.out(`Kept aside: ${listed(aside)}`)
    io.out(`Enter the keys of these again, once Lockstep runs: ${listed(keysOf)}`)
  }
  return Promise.resolve(exitCodes.yes)
}

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
