/** One version of one object. Bucket and key always travel together, never as two adjacent strings. */
export interface ObjectRef {
  readonly bucket: string
  /** The key as the site stores it: decoded, any legal UTF-8, up to 1024 bytes. */
  readonly key: string
  /** Absent means the current version; `null` versions carry the literal id `"null"`. */
  readonly versionId?: string | undefined
}
