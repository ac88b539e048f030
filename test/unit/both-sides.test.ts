import { DeleteObjectCommand, ListObjectVersionsCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { expect, test } from 'vitest'
import { align } from '../../electron/engine/replicate/versions/align.ts'
import type { VersionEntry } from '../../electron/engine/store/port.ts'
import { workerBetween } from '../support/replicate-world.ts'
import { sandboxForTest } from '../support/sandbox.ts'
import { clientOf, createBucket } from '../support/world.ts'

const at = { Bucket: 'data', Key: 'key' }

async function siteWithDeleted(body: string) {
  const site = await sandboxForTest()
  const s3 = clientOf(site)
  await createBucket(s3, 'data')
  const { VersionId = '' } = await s3.send(new PutObjectCommand({ ...at, Body: body }))
  const { VersionId: marker = '' } = await s3.send(new DeleteObjectCommand(at))
  return { site, s3, object: VersionId, marker }
}

test.each([
  ['that was written at both sides gets what it lacks and no second copy of a marker that looks alike', true, 1],
  ['that no other rule writes is put in the source’s order', false, 2],
] as const)('a key %s', async (_name, isWrittenAtBoth, markers) => {
  const source = await siteWithDeleted('at the source')
  const target = await siteWithDeleted('at the target')
  const back = { came: [{ sourceVersionId: 'gone since', targetVersionId: target.object }] }
  const worker = workerBetween(source.site, target.site)
  const outcome = await worker.run({
    key: 'key',
    versionId: source.object,
    operation: 'put',
    ...(isWrittenAtBoth && back),
  })
  expect(outcome).toMatchObject({ kind: 'settled', did: 'copied' })
  const { Versions = [], DeleteMarkers = [] } = await target.s3.send(new ListObjectVersionsCommand({ Bucket: 'data' }))
  expect({ objects: Versions.length, markers: DeleteMarkers.length }).toEqual({ objects: 2, markers })
})

test('a version that went out and came back as another takes no replica from the one it was written for', () => {
  const marker = (versionId: string, modifiedAt: number): VersionEntry => ({
    key: 'key',
    versionId,
    modifiedAt,
    sizeBytes: 0,
    etag: '',
    deleteMarker: true,
    isLatest: false,
    storageClass: null,
  })
  const [echo, original, replica] = [marker('echo', 3), marker('original', 1), marker('replica', 2)]
  const { pairs } = align(
    [echo, original],
    [replica],
    [
      { sourceVersionId: 'original', targetVersionId: 'replica' },
      { sourceVersionId: 'echo', targetVersionId: 'replica', proof: 'found' },
    ],
  )
  expect(pairs).toEqual([[original, replica]])
})

test.each([
  ['stays while another rule is writing the key at the source', true, 1],
  ['goes when a client deleted its copy there for good', false, 0],
] as const)('an original %s', async (_name, isWrittenAtSource, left) => {
  const source = await siteWithDeleted('the copy')
  const target = await siteWithDeleted('the original')
  await source.s3.send(new DeleteObjectCommand({ ...at, VersionId: source.object }))
  const came = [{ sourceVersionId: source.object, targetVersionId: target.object }]
  const worker = workerBetween(source.site, target.site)
  const outcome = await worker.run({
    key: 'key',
    versionId: source.object,
    operation: 'deleteVersion',
    came,
    ...(isWrittenAtSource && { isWrittenAtSource }),
  })
  expect(outcome).toMatchObject(isWrittenAtSource ? { fault: { code: 'SOURCE_CHANGED' } } : { did: 'purged' })
  const { Versions = [] } = await target.s3.send(new ListObjectVersionsCommand({ Bucket: 'data' }))
  expect(Versions).toHaveLength(left)
})
