import {
  CopyObjectCommand,
  GetObjectAclCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  type ObjectCannedACL,
} from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { grantsOf, setAcl } from '../../support/acls.ts'
import { refusal, type SitePromise, type World } from '../site-promise.ts'

const everyone = 'http://acs.amazonaws.com/groups/global/AllUsers'

const canned: readonly (readonly [ObjectCannedACL, readonly string[]])[] = [
  ['private', []],
  ['public-read', ['AllUsers READ']],
  ['public-read-write', ['AllUsers READ', 'AllUsers WRITE']],
  ['authenticated-read', ['AuthenticatedUsers READ']],
]

async function object({ s3, bucket }: World, ACL?: ObjectCannedACL) {
  const at = { Bucket: await bucket(), Key: 'k' }
  const { VersionId } = await s3.send(new PutObjectCommand({ ...at, Body: 'x', ...(ACL && { ACL }) }))
  return { ...at, VersionId }
}

export const aclPromises: readonly SitePromise[] = [
  {
    name: 'an object is its owner’s alone unless the write says otherwise',
    check: async (world) => {
      const { Bucket, Key } = await object(world)
      expect(await grantsOf(world.s3, Bucket, Key)).toEqual([])
    },
  },
  {
    name: 'a canned ACL of a write is kept, and told in grants',
    check: async (world) => {
      for (const [ACL, grants] of canned) {
        const { Bucket, Key } = await object(world, ACL)
        expect([ACL, await grantsOf(world.s3, Bucket, Key)]).toEqual([ACL, grants])
      }
    },
  },
  {
    name: 'an ACL is set on the version that is named, and on no other',
    check: async (world) => {
      const { Bucket, Key, VersionId } = await object(world)
      const newer = await world.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'y' }))
      await setAcl(world.s3, Bucket, Key, 'public-read', VersionId)
      expect(await grantsOf(world.s3, Bucket, Key, VersionId)).toEqual(['AllUsers READ'])
      expect(await grantsOf(world.s3, Bucket, Key, newer.VersionId)).toEqual([])
      await setAcl(world.s3, Bucket, Key, 'private', VersionId)
      expect(await grantsOf(world.s3, Bucket, Key, VersionId)).toEqual([])
    },
  },
  {
    name: 'grants are set one by one, by a document or by headers',
    check: async (world) => {
      const { Bucket, Key } = await object(world)
      await world.s3.send(new PutObjectAclCommand({ Bucket, Key, GrantReadACP: `uri="${everyone}"` }))
      expect(await grantsOf(world.s3, Bucket, Key)).toContain('AllUsers READ_ACP')
      const { Owner } = await world.s3.send(new GetObjectAclCommand({ Bucket, Key }))
      await world.s3.send(
        new PutObjectAclCommand({
          Bucket,
          Key,
          AccessControlPolicy: {
            Owner,
            Grants: [
              { Grantee: { Type: 'CanonicalUser', ID: Owner!.ID }, Permission: 'FULL_CONTROL' },
              { Grantee: { Type: 'Group', URI: everyone }, Permission: 'READ' },
            ],
          },
        }),
      )
      expect(await grantsOf(world.s3, Bucket, Key)).toEqual(['AllUsers READ'])
    },
  },
  {
    name: 'an ACL does not come along with a copy',
    check: async (world) => {
      const { Bucket, Key } = await object(world, 'public-read')
      await world.s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/${Key}` }))
      expect(await grantsOf(world.s3, Bucket, 'copy')).toEqual([])
    },
  },
  {
    name: 'the ACL of an object that is not there is not told',
    check: async (world) => {
      expect(await refusal(grantsOf(world.s3, await world.bucket(), 'none'))).toBe('404 NoSuchKey')
    },
  },
]
