import {
  CreateBucketCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Random } from '../support/random.ts'
import type { SiteAccess } from '../support/s3-site.ts'
import type { ClientName } from './clients.ts'

interface Secret {
  /** As it would stand in an answer. */
  readonly token: string
  readonly visibleTo: readonly ClientName[]
}

/** What lies at the site before anybody attacks. */
export interface Planted {
  readonly secrets: readonly Secret[]
  /** Buckets that no client may reach: one whose name is known to everybody, one that nobody should hear of. */
  readonly foreign: readonly string[]
  /** Keys that a client may read, by client. */
  readonly readable: Readonly<Record<ClientName, readonly string[]>>
}

export const knownForeign = 'private'
export const knownForeignKey = 'secret'
const openKeys = ['a.txt', 'folder/b.txt', 'folder/deep/c d.txt', 'ü.txt', 'plus+and&amp']

/** Makes the buckets of the clients and of others, each name, key and content of others with a token of its own. */
export async function plant(s3: S3Client, site: SiteAccess, seed: number): Promise<Planted> {
  const random = new Random(seed)
  const tokenOf = (): string => `zq${Array.from({ length: 3 }, () => random.int(0, 0xffffff).toString(36)).join('')}`
  const secrets: Secret[] = []
  const secret = (...visibleTo: readonly ClientName[]): string => {
    const token = tokenOf()
    secrets.push({ token, visibleTo })
    return token
  }
  const unheard = `unheard-${secret()}`
  for (const bucket of ['photos', 'drop', 'shelf', knownForeign, unheard]) await makeBucket(s3, bucket)
  const put = (Bucket: string, Key: string, token: string, more: Partial<Record<string, string>> = {}) =>
    s3.send(
      new PutObjectCommand({
        Bucket,
        Key,
        Body: `the content is ${token}\n`,
        ContentType: 'text/plain',
        Metadata: clean(more),
      }),
    )
  for (const key of openKeys) {
    await put('photos', key, secret('viewer'))
    await put('drop', key, secret('writer'))
    await put('shelf', `mine/${key}`, secret('scoped'))
  }
  // What replication wrote carries where it came from: the name of a site and a bucket of others.
  const origin = secret()
  await put('photos', 'replica.txt', secret('viewer'), {
    'lockstep-version': '8c6b1a3e-0000-4000-8000-000000000001',
    'lockstep-origin': `${origin}/${origin}`,
  })
  await put('shelf', `theirs/${secret()}`, secret())
  await put('shelf', 'theirs/known', secret())
  for (const bucket of [knownForeign, unheard]) {
    await put(bucket, knownForeignKey, secret())
    await put(bucket, `key-${secret()}`, secret())
    await put(bucket, 'a.txt', secret(), { note: secret() })
    await s3
      .send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet: [{ Key: 'owner', Value: secret() }] } }))
      .catch(() => undefined)
  }
  secrets.push({ token: site.secretAccessKey, visibleTo: [] }, { token: site.accessKeyId, visibleTo: [] })
  return {
    secrets,
    foreign: [knownForeign, unheard],
    readable: {
      viewer: openKeys,
      writer: openKeys,
      scoped: openKeys.map((key) => `mine/${key}`),
      expired: [],
    },
  }
}

async function makeBucket(s3: S3Client, Bucket: string): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket }))
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
}

const clean = (more: Partial<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(more).filter((pair): pair is [string, string] => pair[1] !== undefined))

/** Tokens in an answer that its client may not see and did not name itself. */
export function leaks(planted: Planted, to: ClientName | null, answer: Buffer, asked: Buffer): readonly string[] {
  const text = spellings(answer)
  const own = spellings(asked)
  return planted.secrets
    .filter(({ visibleTo }) => to === null || !visibleTo.includes(to))
    .map(({ token }) => token)
    .filter((token) => text.includes(token) && !own.includes(token))
}

function spellings(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  const decode = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))
  return text.includes('%') ? `${text}\n${text.replaceAll(/%([0-9A-Fa-f]{2})/g, decode)}` : text
}
