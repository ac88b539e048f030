import { S3Error } from '../../s3/s3-error.ts'

/**
 * Throws for what not every site reads as the same key: longer than S3 allows; with a zero byte, at which some end; with `.` or
 * `..` between slashes, which S3 keeps and sites that store keys as paths resolve, into other buckets too (MinIO, in
 * DeleteObjects).
 */
export function checkKey(key: string): void {
  if (key.length > 341 && Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError')
  if (key.includes('\0')) throw new S3Error('InvalidURI', { message: 'A key cannot hold a zero byte.' })
  if (key.includes('.') && /(?:^|[/\\])\.\.?(?:$|[/\\])/.test(key))
    throw new S3Error('InvalidURI', { message: dotSegment })
}

const dotSegment =
  'A key with “.” or “..” between slashes is another key to some sites, and is not taken through the gateway.'
