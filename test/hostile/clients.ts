import type { ConfigInput } from '../../shared/model/config.ts'

/** The three keys of different rights, and one that was good until yesterday. */
export type ClientName = 'viewer' | 'writer' | 'scoped' | 'expired'

export type Right =
  'read' | 'write' | 'delete' | 'deleteVersions' | 'tags' | 'retention' | 'bypassGovernance' | 'acl' | 'bucketSettings'

export interface Client {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly bucket: string
  /** Keys that begin so; '' for all. */
  readonly prefix: string
  readonly rights: readonly Right[]
  readonly expired: boolean
}

const client = (name: string, more: Partial<Client>): Client => ({
  accessKeyId: `HOSTILE.${name}`,
  secretAccessKey: `${name}/of+the-hostile=suite`,
  bucket: 'photos',
  prefix: '',
  rights: ['read'],
  expired: false,
  ...more,
})

export const clients: Readonly<Record<ClientName, Client>> = {
  viewer: client('viewer', {}),
  writer: client('writer', { bucket: 'drop', rights: ['read', 'write', 'delete', 'tags'] }),
  scoped: client('scoped', { bucket: 'shelf', prefix: 'mine/', rights: ['read', 'write'] }),
  expired: client('expired', { rights: ['read', 'write', 'delete', 'tags'], expired: true }),
}

type DeclaredKey = NonNullable<NonNullable<ConfigInput['gateway']>['keys']>[number]

/** The clients as a configuration declares them. */
export function declaredKeys(): DeclaredKey[] {
  return Object.values(clients).map(({ accessKeyId, secretAccessKey, bucket, prefix, rights, expired }) => ({
    accessKeyId,
    secretAccessKey,
    buckets: [bucket],
    prefixes: prefix === '' ? [] : [prefix],
    rights: [...rights],
    expiresAt: expired ? '2020-01-01T00:00:00Z' : null,
  }))
}
