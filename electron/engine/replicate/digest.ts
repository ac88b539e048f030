import { createHash } from 'node:crypto'
import type { ObjectRef } from '../../../shared/model/object-ref.ts'
import type { ObjectStore } from '../store/port.ts'

/** SHA-256 of the bytes of a version, read whole; null when it is not there. */
export async function digestOf(store: ObjectStore, ref: ObjectRef, signal: AbortSignal): Promise<string | null> {
  const opened = await store.get(ref, { signal })
  if (opened === null) return null
  const hash = createHash('sha256')
  for await (const chunk of opened.body as AsyncIterable<Buffer>) hash.update(chunk)
  return hash.digest('hex')
}
