import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openKeychain, type Keychain } from '../../electron/secrets/keychain.ts'
import { openVault } from '../../electron/secrets/vault.ts'
import { readVaultSecret } from '../../electron/secrets/vault-secret.ts'

const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'a very secret key' }
let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'lockstep-vault-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const open = (secret: string) =>
  openVault({ file: path.join(dir, 'vault.json'), secret: Buffer.from(secret), randomBytes, cost: 2 ** 10 })

test('what was kept is there again after a restart, and the file shows none of it', async () => {
  const vault = await open('right')
  await Promise.all([vault.set('a', keys), vault.set('b', keys), vault.remove('a')])
  const again = await open('right')
  expect([await again.get('a'), await again.get('b')]).toEqual([null, keys])
  expect(readFileSync(path.join(dir, 'vault.json'), 'utf8')).not.toMatch(/AKIA|secret/)
  expect(statSync(path.join(dir, 'vault.json')).mode & 0o777).toBe(0o600)
  expect(readdirSync(dir)).toEqual(['vault.json'])
})

test('a wrong passphrase or a changed file is VAULT_LOCKED and leaves the file as it was', async () => {
  await (await open('right')).set('a', keys)
  const file = path.join(dir, 'vault.json')
  const before = readFileSync(file, 'utf8')
  await expect(open('wrong')).rejects.toMatchObject({ fault: { code: 'VAULT_LOCKED' } })
  expect(readFileSync(file, 'utf8')).toBe(before)
  writeFileSync(
    file,
    before.replace(/"sealed":"./, (text) => `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`),
  )
  await expect(open('right')).rejects.toMatchObject({ fault: { code: 'VAULT_LOCKED' } })
})

test('a key made here is said once, is its owner’s alone, and opens the vault the next time', async () => {
  const said: string[] = []
  const read = () => readVaultSecret({ kind: 'made-here' }, dir, (line) => said.push(line))
  expect(await read()).toEqual(await read())
  expect(said).toHaveLength(1)
  expect(statSync(path.join(dir, 'vault.key')).mode & 0o777).toBe(0o600)
})

test('the line end of a passphrase file is no part of the passphrase', async () => {
  const file = path.join(dir, 'passphrase')
  writeFileSync(file, 'open sesame\r\n')
  const secret = await readVaultSecret({ kind: 'passphrase-file', file }, dir, () => undefined)
  expect(Buffer.from(secret).toString()).toBe('open sesame')
})

const keychain = (backend: ReturnType<Keychain['getSelectedStorageBackend']>): Keychain => ({
  getSelectedStorageBackend: () => backend,
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  encryptStringAsync: (text) => Promise.resolve(Buffer.from(Buffer.from(text).toReversed())),
  decryptStringAsync: (sealed) =>
    Promise.resolve({ result: Buffer.from(sealed.toReversed()).toString(), shouldReEncrypt: false }),
})

test('on Linux a keyring that is none is refused', async () => {
  const file = path.join(dir, 'keychain.json')
  expect(await openKeychain(keychain('basic_text'), file, 'linux')).toBeNull()
  expect(await openKeychain(keychain('unknown'), file, 'linux')).toBeNull()
})

test('the keychain seals every site’s keys and opens them again', async () => {
  const file = path.join(dir, 'keychain.json')
  const store = await openKeychain(keychain('gnome_libsecret'), file, 'linux')
  await store?.set('a', keys)
  const again = await openKeychain(keychain('gnome_libsecret'), file, 'linux')
  expect([again?.kind, await again?.get('a'), await again?.get('b')]).toEqual(['keychain', keys, null])
  expect(readFileSync(file, 'utf8')).not.toContain('AKIA')
})
