import { z } from 'zod'
import { siteSchema, type Capabilities } from '../../../shared/model/site.ts'

const capabilitiesSchema = z.object({
  vendor: z.enum(['minio', 'rustfs', 'ceph', 'aws', 'lockstep-sandbox', 'other']),
  identity: z.enum(['adopts-minio', 'adopts-ceph', 'mints', 'unknown']),
  ordersByMtime: z.boolean(),
  changeStream: z.enum(['listen', 'topic', 'none']),
  probedAt: z.number(),
}) satisfies z.ZodType<Capabilities>

/** A site as the journal keeps it: everything but the secret. */
export const siteRecordSchema = z.object({
  site: siteSchema,
  /** Prefix of two environment variables that hold the keys; null when the credential store does. */
  env: z.string().nullable(),
  /** The first characters of the access key, so that a locked vault still shows which key is meant. */
  accessKeyHint: z.string(),
  paused: z.boolean(),
  capabilities: capabilitiesSchema.nullable(),
})
export type SiteRecord = Readonly<z.infer<typeof siteRecordSchema>>

export const recordPrefix = 'site/'
export const recordName = (siteId: string): string => `${recordPrefix}${siteId}`

export const hintOf = (accessKeyId: string): string => `${accessKeyId.slice(0, 4)}…`
