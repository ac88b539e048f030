import { expect, test } from 'vitest'
import { VersionReader } from '../../electron/engine/scan/version-reader.ts'
import type { VersionEntry } from '../../electron/engine/store/port.ts'

const entry = (key: string, versionId: string): VersionEntry => ({
  key,
  versionId,
  isLatest: true,
  deleteMarker: false,
  etag: 'e',
  sizeBytes: 1,
  storageClass: 'STANDARD',
  modifiedAt: 0,
})

test('a listing that goes on after a key passes over versions of that very key, with which Ceph begins', async () => {
  const page = { entries: [entry('a', '1'), entry('a', '0'), entry('b', '1')], folders: [], next: null }
  const reader = new VersionReader({ list: () => Promise.resolve(page), now: () => 0, after: 'a' })
  if (!reader.advance()) await reader.fill()
  expect([reader.key, reader.group().length]).toEqual(['b', 1])
})
