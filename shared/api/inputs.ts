import { z } from 'zod'
import { assumptionsSchema } from '../model/advisor.ts'
import { bucketAt, bucketName } from '../model/rule.ts'
import { credentialsSchema, siteId, siteSchema } from '../model/site.ts'
import { compareLevels } from '../model/compare.ts'
import { checkIds } from '../model/check.ts'
import { operations } from '../model/task.ts'
import { workersSchema } from '../model/config.ts'
import { gatewayGrantSchema } from '../model/gateway-grant.ts'
import { gatewaySettingsSchema } from '../model/gateway.ts'
import { sseCKeyName, sseCKeyText } from '../model/sse-c-key.ts'

export const siteInput = siteSchema.extend({ credentials: credentialsSchema })
export const siteUpdateInput = siteSchema.extend({ credentials: credentialsSchema.optional() })
export const byId = z.strictObject({ id: z.string().min(1) })
export const bySite = z.strictObject({ siteId })
/** null: all that is held. */
export const lookAgainInput = z.strictObject({ ruleId: z.string().min(1).nullable().default(null) })
/** null: where it was tried before, else the first bucket that a rule writes to. */
export const siteProfileInput = z.strictObject({ id: siteId, bucket: bucketName.nullable().default(null) })
export const regionInput = z.strictObject({ id: siteId, region: siteSchema.shape.region.unwrap() })
export const createBucketInput = z.strictObject({
  siteId,
  bucket: bucketName,
  versioning: z.boolean(),
  objectLock: z.boolean(),
})
export const resyncInput = z.strictObject({ ruleId: z.string(), prefix: z.string().max(1024).default('') })
export const answerInput = z.strictObject({ id: z.string().min(1), answer: z.enum(['cover', 'leaveOut']) })
export const compareInput = z.strictObject({
  ruleId: z.string(),
  prefix: z.string().max(1024).default(''),
  level: z.enum(compareLevels).default('listing'),
})
export const compareCostInput = z.strictObject({ ruleId: z.string(), prefix: z.string().max(1024).default('') })
export const checkInput = z.strictObject({
  source: bucketAt,
  target: bucketAt,
  prefix: z.string().max(1024).default(''),
})
export const repairInput = z.strictObject({ runId: z.string(), stepId: z.enum(checkIds) })

export const failureFilter = z.strictObject({
  ruleId: z.string().nullable().default(null),
  linkId: z.string().nullable().default(null),
  state: z.enum(['delayed', 'parked']).nullable().default(null),
  code: z.string().nullable().default(null),
  operation: z.enum(operations).nullable().default(null),
  /** Part of the key, case-sensitive. */
  search: z.string().max(1024).default(''),
})
export type FailureFilter = z.infer<typeof failureFilter>
export const failureListInput = z.strictObject({
  filter: failureFilter.prefault({}),
  sort: z.enum(['lastAttemptAt', 'firstFailedAt', 'attempts', 'key', 'nextAttemptAt']).default('lastAttemptAt'),
  descending: z.boolean().default(true),
  offset: z.int().min(0).default(0),
  limit: z.int().min(1).max(500).default(100),
})
export type FailureListInput = z.infer<typeof failureListInput>
export const failureGetInput = z.strictObject({ seq: z.int() })
/** Either the rows named, or everything that matches the filter. */
export const retryInput = z.union([
  z.strictObject({ seqs: z.array(z.int()).min(1).max(10_000) }),
  z.strictObject({ filter: failureFilter }),
])
export type RetryInput = z.infer<typeof retryInput>

export const advisorInput = z.strictObject({
  sourceSite: siteId,
  targetSites: z.array(siteId).min(1).max(8).readonly(),
  ruleId: z.string().nullable().default(null),
  assume: assumptionsSchema.prefault({}),
})
export type AdvisorInput = z.infer<typeof advisorInput>

export const activityInput = z.strictObject({
  ruleId: z.string().nullable().default(null),
  level: z.enum(['info', 'warning', 'error']).nullable().default(null),
  before: z.int().nullable().default(null),
  limit: z.int().min(1).max(500).default(100),
})
export const seriesInput = z.strictObject({
  linkId: z.string().nullable().default(null),
  windowMs: z.int().min(60_000).max(86_400_000).default(900_000),
})
export const settingsInput = z.strictObject({ workers: workersSchema })
export const configTextInput = z.strictObject({ text: z.string().max(4_000_000) })
export const waitInput = z.strictObject({
  ruleId: z.string().nullable().default(null),
  timeoutMs: z.int().min(0).max(86_400_000),
})
export const compareReportInput = z.strictObject({ jobId: z.string() })
export const demoSwitchInput = z.strictObject({ targetBroken: z.boolean() })

export const sseCKeyInput = z.strictObject({ name: sseCKeyName, key: sseCKeyText })
export const bySseCKey = z.strictObject({ name: z.string().min(1) })

export const gatewaySettingsInput = z.strictObject({ settings: gatewaySettingsSchema.nullable() })
export const gatewayKeyInput = gatewayGrantSchema.extend({ label: z.string().trim().min(1).max(80) })
export const gatewayRevokeInput = z.strictObject({ accessKeyId: z.string().min(1) })
export const gatewayRequestsInput = z.strictObject({
  /** Only requests that the client heard refused or failed. */
  failedOnly: z.boolean().default(false),
  limit: z.int().min(1).max(500).default(100),
})
