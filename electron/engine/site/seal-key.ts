import { z } from 'zod'
import type { RecordStore } from '../journal/port/records.ts'
import type { SealKey } from '../replicate/marks/seal.ts'
import type { CredentialStore } from './credentials.ts'

const credentialName = 'mark-seal'
const recordName = 'mark-seal'
const recordSchema = z.object({ journal: z.string(), secret: z.string().optional() })

export interface SealKeyParts {
  readonly records: Pick<RecordStore, 'read' | 'write'>
  readonly credentials: CredentialStore
  /** That many random bytes. */
  readonly randomBytes: (size: number) => Uint8Array
}

/**
 * What marks are sealed with, made at the first start. The journal has its own name in itself; the secret rests where the keys of
 * the sites do, or, where nothing lasts but the journal, there. null when the secret cannot be read now: then nothing is
 * sealed and no seal is believed, and what was left behind is told, not removed.
 */
export async function openSealKey({ records, credentials, randomBytes }: SealKeyParts): Promise<SealKey | null> {
  const fresh = (bytes: number): string => Buffer.from(randomBytes(bytes)).toString('hex')
  const kept = recordSchema.safeParse(await records.read(recordName)).data
  const record = kept ?? { journal: fresh(8), ...(credentials.kind === 'memory' ? { secret: fresh(32) } : {}) }
  if (kept === undefined) await records.write(recordName, record)
  const secret = record.secret ?? (await keptSecret(credentials, () => fresh(32)))
  return secret === null ? null : { journal: record.journal, secret }
}

async function keptSecret(credentials: CredentialStore, make: () => string): Promise<string | null> {
  try {
    const kept = await credentials.get(credentialName)
    if (kept !== null) return kept.secretAccessKey
    const secretAccessKey = make()
    await credentials.set(credentialName, { accessKeyId: 'lockstep', secretAccessKey })
    return secretAccessKey
  } catch {
    // A locked keychain is shown with the sites, whose keys it keeps as well.
    return null
  }
}
