import type { NewVersion } from '../../electron/engine/store/port.ts'

/** A version with nothing but its key. */
export const plainVersion = (bucket: string, key: string): NewVersion => ({
  bucket,
  key,
  content: {},
  metadata: {},
  tags: {},
  lock: null,
  storageClass: null,
  identity: null,
})
