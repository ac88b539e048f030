import { z } from 'zod'
import { gatewayConfigSchema } from './gateway.ts'
import { listenAddressSchema } from './listen-address.ts'
import { ruleSchema } from './rule.ts'
import { siteWithCredentialsSchema } from './site.ts'
import { declaredSseCKeySchema } from './sse-c-key.ts'

export const workersSchema = z.strictObject({
  /** Tasks at one time over all rules; adapted downwards when a site asks to slow down. */
  limit: z.int().min(1).max(1000).default(100),
  /** Tasks of 128 MiB and more at one time. */
  large: z.int().min(1).max(100).default(10),
  /** Threads that move the bytes; null chooses by the number of cores. */
  threads: z.int().min(1).max(16).nullable().default(null),
})

export const notificationsSchema = z.strictObject({
  /** Where the webhook receiver listens for bucket notifications; null switches it off. Port 0 takes any free port. */
  listen: listenAddressSchema('127.0.0.1:7400').nullable().default(null),
  /** The URL under which the sites reach the receiver, when it is not the listen address. */
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
})

/** The fields of a configuration; {@link configSchema} checks them together. */
export const configFields = z.strictObject({
  /** Where an editor finds the JSON schema. */
  $schema: z.string().optional(),
  version: z.literal(1),
  sites: z.array(siteWithCredentialsSchema).max(64).default([]),
  rules: z.array(ruleSchema).max(1000).default([]),
  /** Keys of clients (SSE-C) that rules may name, to copy what is under them. */
  sseCKeys: z.array(declaredSseCKeySchema).max(100).default([]),
  workers: workersSchema.default({ limit: 100, large: 10, threads: null }),
  notifications: notificationsSchema.default({ listen: null, publicUrl: null }),
  /** The S3 endpoint that clients may use instead of the source; null leaves it as it was set in the console, off at first. */
  gateway: gatewayConfigSchema.nullable().default(null),
})

interface UniqueLists {
  readonly sites: readonly { readonly id: string }[]
  readonly rules: readonly { readonly id: string }[]
  readonly sseCKeys: readonly { readonly name: string }[]
}

/** A second site or rule of one id, or key of one name, would silently replace the first. */
export function refuseTwins(config: UniqueLists, context: z.RefinementCtx): void {
  for (const list of ['sites', 'rules'] as const) {
    const seen = new Set<string>()
    for (const [index, { id }] of config[list].entries()) {
      if (seen.has(id))
        context.addIssue({ code: 'custom', path: [list, index, 'id'], message: 'this id is taken: give each its own' })
      seen.add(id)
    }
  }
  for (const [index, { name }] of config.sseCKeys.entries()) {
    if (config.sseCKeys.findIndex((one) => one.name === name) < index)
      context.addIssue({
        code: 'custom',
        path: ['sseCKeys', index, 'name'],
        message: 'this name is taken: give each its own',
      })
  }
}

/** `lockstep.config.json`: sites, rules and workers as code. Import and export use the same format, exports without secrets. */
export const configSchema = configFields.superRefine(refuseTwins)
export type Config = Readonly<z.infer<typeof configSchema>>
export type ConfigInput = z.input<typeof configSchema>
