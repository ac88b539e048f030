import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { setVersioning } from '../../support/buckets.ts'
import { refusal, type SitePromise, type World } from '../site-promise.ts'

/** How servers refuse to touch what is locked; which of the two is a promise of its own. */
const lockedOut = /^(403 AccessDenied|400 InvalidRequest)$/

const inAnHour = (): Date => new Date(Math.ceil(Date.now() / 1000) * 1000 + 3_600_000)

interface Locked {
  readonly Bucket: string
  readonly Key: string
  readonly VersionId: string
}

async function locked({ s3, bucket }: World, lock: object): Promise<Locked> {
  const at = { Bucket: await bucket({ lock: true }), Key: 'locked' }
  const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: 'x', ...lock }))
  return { ...at, VersionId: VersionId! }
}

const governance = (until: Date): object => ({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until })

export const lockPromises: readonly SitePromise[] = [
  {
    name: 'a bucket made with object lock has versions, for good',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket({ lock: true })
      const { ObjectLockConfiguration } = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }))
      expect(ObjectLockConfiguration?.ObjectLockEnabled).toBe('Enabled')
      expect((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')
      expect(await refusal(setVersioning(s3, Bucket, 'Suspended'))).toMatch(/^4\d\d InvalidBucketState$/)
    },
  },
  {
    name: 'a bucket without object lock says so, and takes no locked object',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      expect(await refusal(s3.send(new GetObjectLockConfigurationCommand({ Bucket })))).toBe(
        '404 ObjectLockConfigurationNotFoundError',
      )
      const put = { Bucket, Key: 'x', Body: 'x', ...governance(inAnHour()) }
      expect(await refusal(s3.send(new PutObjectCommand(put)))).toBe('400 InvalidRequest')
    },
  },
  {
    name: 'a retained version cannot be purged, by no way of deleting, but gets a marker',
    check: async (world) => {
      const until = inAnHour()
      const at = await locked(world, governance(until))
      const head = await world.s3.send(new HeadObjectCommand(at))
      expect(head).toMatchObject({ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until })
      expect(await refusal(world.s3.send(new DeleteObjectCommand(at)))).toMatch(lockedOut)
      const { Key, VersionId, Bucket } = at
      const many = await world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId }] } }))
      expect(many.Errors?.map((error) => error.VersionId)).toEqual([VersionId])
      expect((await world.s3.send(new DeleteObjectCommand({ Bucket, Key }))).DeleteMarker).toBe(true)
    },
  },
  {
    name: 'to purge a retained version is access denied',
    check: async (world) => {
      const at = await locked(world, governance(inAnHour()))
      expect(await refusal(world.s3.send(new DeleteObjectCommand(at)))).toBe('403 AccessDenied')
    },
  },
  {
    name: 'governance yields to the bypass, compliance does not',
    check: async (world) => {
      const free = await locked(world, governance(inAnHour()))
      await world.s3.send(new DeleteObjectCommand({ ...free, BypassGovernanceRetention: true }))
      const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 30_000)
      const held = await locked(world, { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until })
      const purge = world.s3.send(new DeleteObjectCommand({ ...held, BypassGovernanceRetention: true }))
      expect(await refusal(purge)).toMatch(lockedOut)
    },
  },
  {
    name: 'a retention can be set, made longer, and not shorter without the bypass',
    check: async (world) => {
      const at = await locked(world, {})
      const retain = (hours: number, more: object = {}): Promise<unknown> => {
        const Retention = {
          Mode: 'GOVERNANCE',
          RetainUntilDate: new Date(inAnHour().getTime() + hours * 3_600_000),
        } as const
        return world.s3.send(new PutObjectRetentionCommand({ ...at, Retention, ...more }))
      }
      await retain(1)
      await retain(2)
      expect(await refusal(retain(0))).toMatch(lockedOut)
      await retain(0, { BypassGovernanceRetention: true })
      const { Retention } = await world.s3.send(new GetObjectRetentionCommand(at))
      expect(Retention?.Mode).toBe('GOVERNANCE')
    },
  },
  {
    name: 'a legal hold keeps a version until it is lifted',
    check: async (world) => {
      const at = await locked(world, { ObjectLockLegalHoldStatus: 'ON' })
      expect(await refusal(world.s3.send(new DeleteObjectCommand(at)))).toMatch(lockedOut)
      expect((await world.s3.send(new GetObjectLegalHoldCommand(at))).LegalHold?.Status).toBe('ON')
      await world.s3.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'OFF' } }))
      await world.s3.send(new DeleteObjectCommand(at))
    },
  },
  {
    name: 'a version without retention or hold says that there is none',
    check: async (world) => {
      const at = await locked(world, {})
      expect([
        await refusal(world.s3.send(new GetObjectRetentionCommand(at))),
        await refusal(world.s3.send(new GetObjectLegalHoldCommand(at))),
      ]).toEqual(['404 NoSuchObjectLockConfiguration', '404 NoSuchObjectLockConfiguration'])
    },
  },
  {
    name: 'the default retention of a bucket applies to what comes without one',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket({ lock: true })
      const ObjectLockConfiguration = {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 2 } },
      } as const
      await s3.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }))
      await s3.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' }))
      const { ObjectLockMode, ObjectLockRetainUntilDate } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'x' }))
      expect(ObjectLockMode).toBe('GOVERNANCE')
      expect(Math.abs(ObjectLockRetainUntilDate!.getTime() - Date.now() - 2 * 86_400_000)).toBeLessThan(60_000)
    },
  },
  {
    name: 'a bucket that is there is not made again for nothing',
    check: async ({ s3, bucket }) => {
      const Bucket = await bucket()
      expect(await refusal(s3.send(new CreateBucketCommand({ Bucket })))).toBe('409 BucketAlreadyOwnedByYou')
    },
  },
]
