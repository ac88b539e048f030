import type { VersionPair } from '../journal/port.ts'
import type { Outcome } from '../worker/port.ts'

export type Settled = Extract<Outcome, { kind: 'settled' }>
const nothing: readonly never[] = []

/** An expected end that moved nothing. */
export function settled(did: Settled['did'], learned: readonly VersionPair[] = nothing): Settled {
  return { kind: 'settled', did, bytes: 0, learned, forgotten: nothing }
}

/** A version arrived: its pair is remembered unless both sides call it by the same id. */
export function arrived(
  did: Settled['did'],
  bytes: number,
  sourceVersionId: string,
  targetVersionId: string | null,
): Settled {
  const same = targetVersionId === null || targetVersionId === sourceVersionId
  return {
    kind: 'settled',
    did,
    bytes,
    learned: same ? nothing : [{ sourceVersionId, targetVersionId }],
    forgotten: nothing,
  }
}
