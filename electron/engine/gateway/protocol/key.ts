import { S3Error } from './s3-error.ts'

/** Throws for what no site keeps under that name: longer than S3 allows, or with a zero byte, at which some end. */
export function checkKey(key: string): void {
  if (key.length > 341 && Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError')
  if (key.includes('\0')) throw new S3Error('InvalidURI', { message: 'A key cannot hold a zero byte.' })
}
