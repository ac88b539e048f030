import { createHmac, timingSafeEqual } from 'node:crypto'
import type { BucketAt } from '../../../../shared/model/rule.ts'

/** What marks are sealed with: the secret of this installation, and the name of the journal whose tasks they speak of. */
export interface SealKey {
  readonly journal: string
  readonly secret: string
}

/** All that a seal vouches for: this content was written for this version, at this place, by this task. */
export interface SealedFacts {
  readonly kind: 'replica' | 'write' | 'placeholder'
  readonly source: BucketAt
  readonly target: BucketAt
  readonly key: string
  readonly versionId: string
  /** Of the source; '' where nobody knows it yet. */
  readonly etag: string
  readonly sizeBytes: number
  readonly replaces: string | null
  readonly modified: string | null
}

/** What a seal that holds tells. It is copied with the object by whoever copies that: alone it proves nothing. */
export interface Seal {
  readonly journal: string
  /** The task that wrote it, by its number in that journal. */
  readonly seq: number
  /** The attempt of the task that wrote it; null of a release that did not say. */
  readonly attempt: string | null
}

/** Which attempt writes: of which task, and a name that no other attempt has. */
export interface SealedBy {
  readonly seq: number
  readonly attempt: string
}

/** `<journal>.<task>.<attempt>.<HMAC-SHA256, its first 128 bits>` */
export function sealed(facts: SealedFacts, { seq, attempt }: SealedBy, { journal, secret }: SealKey): string {
  return `${journal}.${seq}.${attempt}.${macOf(facts, { journal, seq, attempt }, secret)}`
}

/** A seal at its longest. */
export const longestSeal = 32 + 1 + 15 + 1 + 16 + 1 + 22

/** The seal, if it was made with this secret for exactly these facts; null otherwise. */
export function openSeal(text: string | undefined, facts: SealedFacts, key: SealKey | null): Seal | null {
  const [, journal, digits, attempt = null, mac] =
    /^([0-9a-z]{1,32})\.(\d{1,15})(?:\.([0-9a-z]{1,16}))?\.([\w-]{22})$/.exec(text ?? '') ?? []
  if (key === null || journal === undefined || digits === undefined || mac === undefined) return null
  const seal = { journal, seq: Number(digits), attempt }
  const right = timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(facts, seal, key.secret)))
  return right ? seal : null
}

function macOf(facts: SealedFacts, { journal, seq, attempt }: Seal, secret: string): string {
  const { kind, source, target, key, versionId, etag, sizeBytes, replaces, modified } = facts
  const places = [source.site, source.bucket, target.site, target.bucket]
  const by = attempt === null ? [journal, seq] : [journal, seq, attempt]
  const words = JSON.stringify([...by, kind, places, key, versionId, etag, sizeBytes, replaces, modified])
  return createHmac('sha256', secret).update(words).digest().subarray(0, 16).toString('base64url')
}
