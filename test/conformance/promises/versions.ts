import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { setVersioning } from '../../support/buckets.ts'
import { refusal, refused, type SitePromise, type World } from '../site-promise.ts'

interface At {
  readonly Bucket: string
  readonly Key: string
}

async function put({ s3 }: World, at: At, Body: string): Promise<string> {
  return (await s3.send(new PutObjectCommand({ ...at, Body }))).VersionId ?? 'null'
}

async function remove({ s3 }: World, at: At, VersionId?: string): Promise<string> {
  return (await s3.send(new DeleteObjectCommand({ ...at, VersionId }))).VersionId ?? 'null'
}

/** Versions and markers of a key as the document has them, newest first. */
async function history({ s3 }: World, at: At): Promise<readonly string[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: at.Bucket, Prefix: at.Key }),
  )
  const latest = [...Versions, ...DeleteMarkers].filter(({ IsLatest }) => IsLatest).map(({ VersionId }) => VersionId)
  return [
    `latest ${latest.join()}`,
    ...Versions.map(({ VersionId }) => `version ${VersionId}`),
    ...DeleteMarkers.map(({ VersionId }) => `marker ${VersionId}`),
  ]
}

export const versionPromises: readonly SitePromise[] = [
  {
    name: 'every version is kept and can be read by its id',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'v' }
      const one = await put(world, at, 'one')
      const two = await put(world, at, 'two')
      const read = async (VersionId?: string): Promise<string> => {
        const { Body } = await world.s3.send(new GetObjectCommand({ ...at, VersionId }))
        return Body!.transformToString()
      }
      expect([await read(one), await read(two), await read()]).toEqual(['one', 'two', 'two'])
      expect(await history(world, at)).toEqual([`latest ${two}`, `version ${two}`, `version ${one}`])
    },
  },
  {
    name: 'twenty versions made within a second are listed newest first, page by page',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'many' }
      const made: string[] = []
      for (let index = 0; index < 20; index++) made.unshift(await put(world, at, `${index}`))
      await put(world, { ...at, Key: 'many2' }, 'neighbour')
      const listed: (string | undefined)[] = []
      let from: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | null = {}
      while (from !== null) {
        const page: ListObjectVersionsCommandOutput = await world.s3.send(
          new ListObjectVersionsCommand({ Bucket: at.Bucket, MaxKeys: 3, ...from }),
        )
        for (const { Key, VersionId } of page.Versions ?? []) if (Key === 'many') listed.push(VersionId)
        const next = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        from = page.IsTruncated === true ? next : null
      }
      expect(listed).toEqual(made)
    },
  },
  {
    name: 'a delete makes a marker, and removing the marker brings the object back',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'deleted' }
      const one = await put(world, at, 'one')
      const marker = await remove(world, at)
      expect(await refusal(world.s3.send(new HeadObjectCommand(at)))).toBe('404 NotFound')
      expect(await history(world, at)).toEqual([`latest ${marker}`, `version ${one}`, `marker ${marker}`])
      await remove(world, at, marker)
      expect(await history(world, at)).toEqual([`latest ${one}`, `version ${one}`])
    },
  },
  {
    name: 'a read behind a delete marker says so in its headers',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'marker' }
      await put(world, at, 'one')
      const marker = await remove(world, at)
      const hidden = await refused(world.s3.send(new GetObjectCommand(at)))
      expect(hidden).toMatchObject({ code: 'NoSuchKey', status: 404 })
      expect(hidden.headers).toMatchObject({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker })
    },
  },
  {
    name: 'a delete marker cannot be read by its id: 405',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'marker' }
      await put(world, at, 'one')
      const VersionId = await remove(world, at)
      const direct = await refused(world.s3.send(new HeadObjectCommand({ ...at, VersionId })))
      expect([direct.status, direct.headers['x-amz-delete-marker']]).toEqual([405, 'true'])
    },
  },
  {
    name: 'a delete of a key that never was makes a marker too',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'never' }
      const marker = await remove(world, at)
      expect(await history(world, at)).toEqual([`latest ${marker}`, `marker ${marker}`])
    },
  },
  {
    name: 'a delete of what is deleted puts one marker on the other',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'twice' }
      const one = await put(world, at, 'one')
      const lower = await remove(world, at)
      const upper = await remove(world, at)
      expect(await history(world, at)).toEqual([
        `latest ${upper}`,
        `version ${one}`,
        `marker ${upper}`,
        `marker ${lower}`,
      ])
    },
  },
  {
    name: 'deleting a version by its id purges just that one, and doing it again is no fault',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'purge' }
      const one = await put(world, at, 'one')
      const two = await put(world, at, 'two')
      await remove(world, at, two)
      await remove(world, at, two)
      expect(await history(world, at)).toEqual([`latest ${one}`, `version ${one}`])
    },
  },
  {
    name: 'a version that is gone is refused as a version',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'unknown' }
      const VersionId = await put(world, at, 'one')
      await remove(world, at, VersionId)
      expect(await refusal(world.s3.send(new GetObjectCommand({ ...at, VersionId })))).toBe('404 NoSuchVersion')
    },
  },
  {
    name: 'many deletes at once: markers and purges each as asked',
    check: async (world) => {
      const Bucket = await world.bucket()
      const one = await put(world, { Bucket, Key: 'a' }, 'one')
      await put(world, { Bucket, Key: 'b & <c>' }, 'two')
      await put(world, { Bucket, Key: ' spaced ' }, 'three')
      const { Deleted = [], Errors = [] } = await world.s3.send(
        new DeleteObjectsCommand({
          Bucket,
          Delete: { Objects: [{ Key: 'a', VersionId: one }, { Key: 'b & <c>' }, { Key: ' spaced ' }] },
        }),
      )
      expect(Errors).toEqual([])
      // Servers answer in an order of their own.
      expect(new Map(Deleted.map(({ Key, DeleteMarker = false }) => [Key, DeleteMarker]))).toEqual(
        new Map([
          ['a', false],
          ['b & <c>', true],
          [' spaced ', true],
        ]),
      )
      expect(await history(world, { Bucket, Key: 'a' })).toEqual(['latest '])
    },
  },
  {
    name: 'tags belong to a version',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'tagged' }
      const VersionId = await put(world, at, 'one')
      await put(world, at, 'two')
      const Tagging = { TagSet: [{ Key: 'old', Value: '1' }] }
      await world.s3.send(new PutObjectTaggingCommand({ ...at, VersionId, Tagging }))
      const tags = async (of: object): Promise<unknown> =>
        (await world.s3.send(new GetObjectTaggingCommand({ ...at, ...of }))).TagSet
      expect([await tags({ VersionId }), await tags({})]).toEqual([[{ Key: 'old', Value: '1' }], []])
    },
  },
  {
    name: 'tagging a version leaves its modification time alone',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'tagged' }
      await put(world, at, 'one')
      const modified = async (): Promise<Date | undefined> => {
        const { Versions } = await world.s3.send(new ListObjectVersionsCommand({ Bucket: at.Bucket }))
        return Versions?.[0]?.LastModified
      }
      const before = await modified()
      await world.s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'a', Value: '1' }] } }))
      expect(await modified()).toEqual(before)
    },
  },
  {
    name: 'with versions suspended the null version is replaced and the others stay',
    check: async (world) => {
      const at = { Bucket: await world.bucket(), Key: 'suspended' }
      const one = await put(world, at, 'one')
      await setVersioning(world.s3, at.Bucket, 'Suspended')
      await put(world, at, 'null-1')
      await put(world, at, 'null-2')
      expect(await history(world, at)).toEqual(['latest null', 'version null', `version ${one}`])
      await remove(world, at)
      expect(await history(world, at)).toEqual(['latest null', `version ${one}`, 'marker null'])
    },
  },
  {
    name: 'an object from before versioning stays as the null version',
    check: async (world) => {
      const at = { Bucket: await world.bucket({ versioning: 'none' }), Key: 'old' }
      await put(world, at, 'before')
      await setVersioning(world.s3, at.Bucket, 'Enabled')
      const two = await put(world, at, 'after')
      expect(await history(world, at)).toEqual([`latest ${two}`, `version ${two}`, 'version null'])
    },
  },
]
