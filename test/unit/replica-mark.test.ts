import { expect, test } from 'vitest'
import { isReplicaOf } from '../../electron/engine/replicate/marks/origin.ts'

const uuid = '56671a7c-21bd-4e9f-baf9-63e1cfad3449'
const ofCeph = '6202oJJPn8Zp2lBrDjn1slL_SeObfq2.'

test.each([
  ['its source’s id, and what only replicators may write', uuid, 'REPLICA', uuid, true],
  ['no mark, and what only replicators may write', undefined, 'REPLICA', uuid, true],
  // The source's ids have another form, so the target chose one: under it the source has nothing, and must not be asked for it.
  ['another id, and what only replicators may write', ofCeph, 'REPLICA', uuid, false],
  ['its own id, which every client of MinIO may ask for', uuid, undefined, uuid, false],
  ['its own id, which none but a replicator may choose', ofCeph, undefined, ofCeph, true],
  ['another id', ofCeph, undefined, uuid, false],
  ['no mark', undefined, undefined, ofCeph, false],
  ['a null version’s mark', 'null', undefined, 'null', false],
  ['a null version’s mark, and what only replicators may write', 'null', 'REPLICA', 'null', true],
] as const)(
  'a version that bears %s is a replica under its id or not',
  (_, named, replicationStatus, versionId, is) => {
    const metadata: Record<string, string> = named === undefined ? {} : { 'lockstep-version': named }
    expect(isReplicaOf({ metadata, replicationStatus: replicationStatus ?? null }, versionId)).toBe(is)
  },
)
