/** What a client key may be allowed, one right for each kind of consequence. A request needs all that its parts need. */
export const gatewayRights = [
  /** List buckets, objects, versions and uploads; get objects with their tags, locks and attributes; listen to changes. */
  'read',
  /** Put, copy and upload objects, which makes new versions; abort uploads. */
  'write',
  /** Delete objects without naming a version: what was there stays as a version, where the bucket keeps versions. */
  'delete',
  /** Delete versions by their ids: what goes so is gone for good. */
  'deleteVersions',
  /** Set and remove the tags of objects, those that come with a new object too. */
  'tags',
  /** Set retention and legal hold, on versions that are there and with new ones. */
  'retention',
  /** Shorten or remove governance retention, and delete what it protects. */
  'bypassGovernance',
  /** Read and set access control lists, those that come with a new object too. */
  'acl',
  /** Create and remove buckets; set versioning, object lock, policy, CORS, lifecycle and what else of a bucket passes the gateway. */
  'bucketSettings',
] as const
export type GatewayRight = (typeof gatewayRights)[number]

/** Each right as people say it, after “may” or “the right to”. */
export const rightText: Readonly<Record<GatewayRight, string>> = {
  read: 'read',
  write: 'write',
  delete: 'delete',
  deleteVersions: 'delete versions',
  tags: 'set tags',
  retention: 'set retention and legal hold',
  bypassGovernance: 'bypass governance retention',
  acl: 'set access control lists',
  bucketSettings: 'change bucket settings',
}

/** `read, write and set tags`; `do everything` where nothing is missing. */
export function rightsText(rights: readonly GatewayRight[]): string {
  if (rights.length === gatewayRights.length) return 'do everything'
  const words = rights.map((right) => rightText[right])
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
