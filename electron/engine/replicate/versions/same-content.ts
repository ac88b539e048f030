import { createHash } from 'node:crypto'
import type { ObjectRef } from '../../../../shared/model/object-ref.ts'
import type { ObjectHead, ObjectStore } from '../../store/port.ts'
import { withoutOrigin } from '../marks/origin.ts'

/** A version at its site, with as much as a listing tells of it. */
export interface VersionAt {
  readonly store: ObjectStore
  readonly ref: ObjectRef
  readonly etag: string
  readonly sizeBytes: number
}

const md5 = /^[0-9a-f]{32}$/

/**
 * Have two versions the same bytes? ETags tell where both are digests of the same kind; where they are not (encryption, other
 * parts), the bytes are read on both sides. `head`: of the second.
 */
export async function haveSameBytes(
  a: VersionAt,
  b: VersionAt,
  head: Pick<ObjectHead, 'encryption'>,
  signal: AbortSignal,
): Promise<boolean> {
  if (a.sizeBytes !== b.sizeBytes) return false
  if (a.etag === b.etag) return true
  if (md5.test(a.etag) && md5.test(b.etag) && head.encryption.kind === 'none') {
    const other = await a.store.head(a.ref, { signal })
    if (other?.encryption.kind === 'none') return false
  }
  const [one, two] = await Promise.all([digestOf(a.store, a.ref, signal), digestOf(b.store, b.ref, signal)])
  return one !== null && one === two
}

/** SHA-256 of the bytes of a version, read whole; null when it is not there. */
export async function digestOf(store: ObjectStore, ref: ObjectRef, signal: AbortSignal): Promise<string | null> {
  const opened = await store.get(ref, { signal })
  if (opened === null) return null
  const hash = createHash('sha256')
  for await (const chunk of opened.body as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest('hex')
}

/** Headers and user metadata, which a replica has of its original. */
export function sameDescription(a: ObjectHead, b: ObjectHead): boolean {
  const words = ({ content, metadata }: ObjectHead): string =>
    JSON.stringify([
      content.contentType,
      Object.entries(withoutOrigin(metadata)).toSorted(([x], [y]) => (x < y ? -1 : 1)),
    ])
  return words(a) === words(b)
}
