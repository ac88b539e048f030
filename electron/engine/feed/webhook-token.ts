import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { RecordStore } from '../journal/port/records.ts'
import type { CredentialStore } from '../site/credentials.ts'

/** The secret part of the receiver's URL. */
export interface WebhookToken {
  /** What the URL is made of that sites are told from now on. */
  text(): string
  /** Whether somebody who gives this text knows the secret: takes a time that tells nothing about where they part. */
  admits(given: string): boolean
  /** Another token in the place of all that there were. */
  renew(): Promise<void>
}

export interface TokenPlaces {
  readonly records: Pick<RecordStore, 'read' | 'write'>
  readonly credentials: CredentialStore
}

const recordName = 'webhook-token'
/** With a slash, which no site's id has. */
const secretName = 'webhook/token'
/** The digests of the newest ones: each that was lost with the credentials is still in the URL that some site has. */
const mostKept = 4

export const webhookRecordSchema = z.strictObject({ sha256: z.array(z.string()) })

/**
 * Reads the token, or makes one. The journal keeps its digest and recognises it by that: a copied journal tells nobody
 * how to announce changes. The token itself lies with the sites' credentials, because topics are asked for with the whole URL.
 */
export async function openWebhookToken(places: TokenPlaces): Promise<WebhookToken> {
  const { records, credentials } = places
  await hideToken(places)
  const kept = await credentials.get(secretName).catch(() => null)
  const known = webhookRecordSchema.nullable().parse(await records.read(recordName))?.sha256 ?? []
  let text = kept?.secretAccessKey ?? newToken()
  let sha256 = known.includes(digestOf(text)) ? known : [digestOf(text), ...known].slice(0, mostKept)
  if (kept === null) await credentials.set(secretName, pairOf(text))
  if (sha256 !== known) await records.write(recordName, { sha256 })
  return {
    text: () => text,
    admits: (given) => isOneOf(sha256, given),
    async renew() {
      const made = newToken()
      await credentials.set(secretName, pairOf(made))
      await records.write(recordName, { sha256: [digestOf(made)] })
      text = made
      sha256 = [digestOf(made)]
    },
  }
}

/** Takes a token that an older version kept in clear out of the journal; the credentials have it before it goes. */
export async function hideToken({ records, credentials }: TokenPlaces): Promise<void> {
  const clear = await records.read(recordName)
  if (typeof clear !== 'string') return
  await credentials.set(secretName, pairOf(clear))
  await records.write(recordName, { sha256: [digestOf(clear)] })
}

const newToken = (): string => randomBytes(24).toString('base64url')
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const pairOf = (text: string) => ({ accessKeyId: 'webhook', secretAccessKey: text })

function isOneOf(known: readonly string[], given: string): boolean {
  const digest = Buffer.from(digestOf(given))
  return known.filter((one) => timingSafeEqual(Buffer.from(one), digest)).length > 0
}
