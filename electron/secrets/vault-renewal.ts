import { existsSync, renameSync } from 'node:fs'
import path from 'node:path'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { salvageValues } from '../engine/journal/sqlite/salvage.ts'
import { sseCKeyPrefix } from '../engine/site/sse-c-keys.ts'
import { claimJournal, journalPath } from '../engine/journal/sqlite/sqlite-journal.ts'

/** Whose keys lie in the credentials of a data directory, as far as its journal can be read: “site a”, “gateway client AK…”. */
export function ownersOfKeys(dataDir: string): readonly string[] {
  const values = salvageValues(journalPath(dataDir), ['site/', 'gateway-key/', sseCKeyPrefix])
  return [...values].flatMap(([name, value]) => {
    const [kind, id] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)]
    if (name.startsWith(sseCKeyPrefix)) return [`SSE-C key ${id}`]
    if (kind === 'gateway-key') return [`gateway client ${id}`]
    // Keys that come from the environment are not in the vault.
    const { env }: { readonly env?: unknown } = Object(value)
    return typeof env === 'string' ? [] : [`site ${id}`]
  })
}

/** Sets a vault aside that does not open; the next start makes an empty one. Refuses while an engine runs on the directory. */
export function renewVault(
  dataDir: string,
  now: number,
): { readonly aside: readonly string[]; readonly keysOf: readonly string[] } {
  if (!existsSync(path.join(dataDir, 'vault.json')))
    throw new FaultError(fault('NOT_FOUND', `There is no vault in ${dataDir}.`))
  claimJournal(dataDir)()
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(':', '-')
  const keysOf = ownersOfKeys(dataDir)
  const aside = ['vault.json', 'vault.key'].filter((name) => existsSync(path.join(dataDir, name)))
  for (const name of aside) renameSync(path.join(dataDir, name), path.join(dataDir, `${name}.aside-${stamp}`))
  return { aside: aside.map((name) => path.join(dataDir, `${name}.aside-${stamp}`)), keysOf }
}

/** A vault that does not open, with what to do about it and what that costs. */
export function lockedVault(dataDir: string, message: string, cause: unknown): FaultError {
  const owners = ownersOfKeys(dataDir)
  const remedy =
    'Put the right passphrase or key file back, from a backup if need be. If it is lost, run ' +
    `lockstep vault renew --data ${dataDir} and enter the keys again of: ` +
    `${owners.length === 0 ? 'every site, gateway client and SSE-C key (the journal does not say which)' : owners.join(', ')}.`
  return new FaultError(fault('VAULT_LOCKED', message, { remedy }), { cause })
}
