import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fault, FaultError } from '../../shared/model/fault.ts'
import { isErrno } from '../engine/base/errno.ts'

export type VaultSecretSource =
  | { readonly kind: 'passphrase-file'; readonly file: string }
  | { readonly kind: 'key-file'; readonly file: string }
  | { readonly kind: 'made-here' }

/**
 * The secret that opens the vault. With neither passphrase nor key file a key is kept beside the vault: it guards
 * against a copied vault file, not against whoever reads the whole directory, so `say` is told once, when it is made.
 */
export async function readVaultSecret(
  source: VaultSecretSource,
  dataDir: string,
  say: (line: string) => void,
): Promise<Uint8Array> {
  if (source.kind === 'made-here') return await ownKey(path.join(dataDir, 'vault.key'), say)
  const secret = await readSecret(source.file)
  return source.kind === 'key-file' ? secret : Buffer.from(secret.toString('utf8').replace(/\r?\n$/, ''))
}

/** Another key would open nothing: one is made only where there is no vault yet. */
async function ownKey(file: string, say: (line: string) => void): Promise<Uint8Array> {
  const isVaultThere = existsSync(path.join(path.dirname(file), 'vault.json'))
  if (isVaultThere && !existsSync(file))
    throw new FaultError(
      fault('VAULT_LOCKED', `${file} is gone, and the credentials beside it open with nothing else.`),
    )
  try {
    await writeFile(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' })
    say(
      `Credentials are encrypted with a key made for this machine, ${file}. Use --passphrase-file to keep it elsewhere.`,
    )
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw unreadable(file, error)
  }
  return await readSecret(file)
}

async function readSecret(file: string): Promise<Buffer> {
  try {
    const secret = await readFile(file)
    if (secret.length === 0) throw new Error('empty')
    return secret
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, cause: unknown): FaultError {
  return new FaultError(fault('VAULT_LOCKED', `${file} is empty or cannot be read.`), { cause })
}
