import {
  GetObjectAclCommand,
  PutObjectAclCommand,
  type Grant,
  type ObjectCannedACL,
  type S3Client,
} from '@aws-sdk/client-s3'

/** What an object’s ACL grants besides its owner’s own right, as `AllUsers READ`, sorted. */
export async function grantsOf(
  client: S3Client,
  Bucket: string,
  Key: string,
  VersionId?: string,
): Promise<readonly string[]> {
  const { Grants = [], Owner } = await client.send(new GetObjectAclCommand({ Bucket, Key, VersionId }))
  const named = (grant: Grant): string =>
    `${grant.Grantee?.URI?.split('/').at(-1) ?? grant.Grantee?.ID} ${grant.Permission}`
  return Grants.filter(({ Grantee }) => Grantee?.URI !== undefined || (Grantee?.ID ?? '') !== (Owner?.ID ?? ''))
    .map(named)
    .sort()
}

export const setAcl = (
  client: S3Client,
  Bucket: string,
  Key: string,
  ACL: ObjectCannedACL,
  VersionId?: string,
): Promise<unknown> => client.send(new PutObjectAclCommand({ Bucket, Key, ACL, VersionId }))
