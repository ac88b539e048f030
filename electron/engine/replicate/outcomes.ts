import type { LinkOrder, SettledOutcome } from './port.ts'
import type { VersionPair } from '../journal/port/versions.ts'

const nothing: readonly never[] = []

/** An expected end that moved nothing. */
export function settled(did: SettledOutcome['did'], learned: readonly VersionPair[] = nothing): SettledOutcome {
  return { kind: 'settled', did, bytes: 0, learned, forgotten: nothing }
}

/**
 * A version arrived: its pair is remembered unless both sides call it by the same id, and even then where another link
 * reads on from there: only the journal can tell that one what is its own.
 */
export function arrived(
  did: SettledOutcome['did'],
  bytes: number,
  sourceVersionId: string,
  targetVersionId: string | null,
  { readOn = false }: Pick<LinkOrder, 'readOn'>,
  notKept: SettledOutcome['notKept'] = nothing,
): SettledOutcome {
  const known =
    targetVersionId === null || (targetVersionId === sourceVersionId && (!readOn || targetVersionId === 'null'))
  return {
    kind: 'settled',
    did,
    bytes,
    learned: known ? nothing : [{ sourceVersionId, targetVersionId }],
    forgotten: nothing,
    ...(notKept.length > 0 && { notKept }),
  }
}
