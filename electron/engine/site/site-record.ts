import { hash } from 'node:crypto'
import { z } from 'zod'
import { siteSchema } from '../../../shared/model/site.ts'
import { factWords, siteFactIds, type SiteFactId } from '../../../shared/model/site-facts.ts'
import { completeFacts, type SiteFact, type SiteProfile } from '../../../shared/model/site-profile.ts'

const vendorSchema = z.enum(['minio', 'rustfs', 'ceph', 'aws', 'lockstep-sandbox', 'other'])

const factSchema = z.object({
  value: z.string().nullable(),
  why: z.string().nullable(),
  how: z.enum(['tried', 'asked', 'by-name']),
  bucket: z.string().nullable(),
  asOf: z.number().nullable(),
})

/** Facts and answers that this release does not know are left out: they are found out again. */
const factsSchema = z.record(z.string(), factSchema).transform((facts) => completeFacts(knownOf(facts)))

function knownOf(facts: Readonly<Record<string, z.infer<typeof factSchema>>>): Partial<Record<SiteFactId, SiteFact>> {
  const known = siteFactIds.flatMap((id) => {
    const fact = facts[id]
    return fact === undefined || !isAnswer(id, fact) ? [] : [[id, fact] as const]
  })
  return Object.fromEntries(known)
}

const isAnswer = (id: SiteFactId, fact: z.infer<typeof factSchema>): fact is SiteFact =>
  fact.value === null || factWords(id, fact.value) !== null

const profileSchema = z.object({
  vendor: vendorSchema,
  server: z.string().nullable(),
  knownAt: z.number(),
  facts: factsSchema,
  probe: z
    .object({
      bucket: z.string(),
      at: z.number(),
      requests: z.number(),
      elapsedMs: z.number(),
      left: z.string().nullable(),
    })
    .nullable(),
}) satisfies z.ZodType<SiteProfile>

/** As journals before the profile kept what is known of a site. */
const capabilitiesSchema = z
  .object({
    vendor: vendorSchema,
    identity: z.enum(['adopts-minio', 'adopts-ceph', 'mints', 'unknown']),
    ordersByMtime: z.boolean(),
    changeStream: z.enum(['listen', 'topic', 'none']),
    probedAt: z.number(),
  })
  .transform(({ vendor, identity, ordersByMtime, changeStream, probedAt }): SiteProfile => {
    const known = { why: null, bucket: null, asOf: probedAt }
    const events = { ...known, value: changeStream, how: 'by-name' } as const
    const tried = {
      'version-ids': { ...known, value: identity === 'unknown' ? null : identity, how: 'tried' },
      'version-order': { ...known, value: ordersByMtime ? 'by-time' : 'by-arrival', how: 'tried' },
    } as const
    const facts = completeFacts(identity === 'unknown' ? { events } : { events, ...tried })
    return { vendor, server: null, knownAt: probedAt, facts, probe: null }
  })

/** A site as the journal keeps it: everything but the secret. */
export const siteRecordSchema = z
  .object({
    site: siteSchema,
    /** Prefix of two environment variables that hold the keys; null when the credential store does. */
    env: z.string().nullable(),
    /** The first characters of the access key, so that a locked vault still shows which key is meant. */
    accessKeyHint: z.string(),
    /** Tells whether a key entered again is that of the same user, for whom the profile holds. */
    keyPrint: z.string().nullable().default(null),
    paused: z.boolean(),
    profile: profileSchema.nullish(),
    capabilities: capabilitiesSchema.nullish(),
  })
  .transform(({ capabilities, profile, ...record }) => ({ ...record, profile: profile ?? capabilities ?? null }))
export type SiteRecord = Readonly<z.infer<typeof siteRecordSchema>>

export const recordPrefix = 'site/'
export const recordName = (siteId: string): string => `${recordPrefix}${siteId}`

/** Of an access key, which is no secret and still nobody's business. */
export const printOf = (accessKeyId: string): string => hash('sha256', accessKeyId).slice(0, 16)

export const hintOf = (accessKeyId: string): string => `${accessKeyId.slice(0, 4)}…`
