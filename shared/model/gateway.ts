import { z } from 'zod'
import type { Fault } from './fault.ts'
import { grantOf, statedGrantSchema, type GatewayGrant } from './gateway-grant.ts'
import { listenAddressSchema } from './listen-address.ts'
import type { BucketAt, Degraded, Rule } from './rule.ts'
import { siteId } from './site.ts'

const hostName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, 'use a host name in lower case, without a port')

/** What the gateway fronts and where it listens. */
export const gatewaySettingsSchema = z.strictObject({
  /** The one site that clients reach through the gateway; the rules that read from it decide the acknowledgements. */
  site: siteId,
  /** `HOST:PORT`; port 0 takes any free port; null keeps the settings and does not listen. */
  listen: listenAddressSchema('127.0.0.1:9000').nullable().default('127.0.0.1:9000'),
  /** Names under which clients use virtual-host style: with `s3.example.org`, `photos.s3.example.org` is bucket `photos`. */
  hostnames: z.array(hostName).max(16).default([]),
  /** PEM files; null speaks plain HTTP. */
  tls: z
    .strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) })
    .nullable()
    .default(null),
})
export type GatewaySettings = Readonly<z.infer<typeof gatewaySettingsSchema>>

const accessKeyId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{2,127}$/, 'use 3–128 letters, digits, dots and dashes')

/** A client key declared in the configuration; `env` names the environment variable that holds its secret. */
export const declaredGatewayKeySchema = statedGrantSchema
  .extend({
    accessKeyId,
    secretAccessKey: z.union([
      z.string().min(8, 'give at least 8 characters'),
      z.strictObject({
        env: z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'use an environment variable such as CLIENT_SECRET'),
      }),
    ]),
  })
  .transform(grantOf)
export type DeclaredGatewayKey = Readonly<z.infer<typeof declaredGatewayKeySchema>>

export const gatewayConfigSchema = gatewaySettingsSchema.extend({
  /** Client keys besides those that the console made. */
  keys: z.array(declaredGatewayKeySchema).max(1000).default([]),
})
export type GatewayConfig = Readonly<z.infer<typeof gatewayConfigSchema>>

/** A client key without its secret, which is shown once: when the key is made. */
export interface GatewayKeyView extends GatewayGrant {
  readonly accessKeyId: string
  /** What the operator called it; '' for declared ones. */
  readonly label: string
  /** `config`: declared in the configuration, and revoked there. */
  readonly from: 'console' | 'config'
  readonly createdAt: number
  /** Since the engine started; null when it was not used. */
  readonly lastUsedAt: number | null
}

export interface NewGatewayKey extends GatewayKeyView {
  readonly secretAccessKey: string
}

/** One request of a client, told when it ended. */
export interface GatewayRequest {
  readonly id: number
  /** Epoch ms at which it came. */
  readonly at: number
  /** The S3 operation; `Unknown` for what the gateway does not know, and refuses. */
  readonly operation: string
  /** '' where there is none. */
  readonly bucket: string
  readonly key: string
  /** The HTTP status that the client heard; 0 when it went away before. */
  readonly status: number
  /** The S3 error code that the client heard; null when it was not refused. */
  readonly code: string | null
  /** Sites that had the write when the client was answered, of those that the rules name: `2/3`; null for other requests. */
  readonly acks: string | null
  /** The site that answered in the source's place; null when it was the source. */
  readonly servedBy: string | null
  readonly durationMs: number
  /** null when the request was not signed by a key that is known. */
  readonly accessKeyId: string | null
}

/** A rule that reads from the gateway's site, and how its promise stands. */
export interface GatewayRuleView {
  readonly ruleId: string
  readonly source: BucketAt
  readonly ack: Rule['ack']
  /** How many sites there are to confirm a write, the source among them, and how many the policy asks for. */
  readonly sites: number
  readonly needed: number
  readonly degraded: Degraded | null
}

export type GatewayState =
  | { readonly kind: 'off' }
  | { readonly kind: 'listening'; readonly url: string; readonly since: number }
  /** It should listen and cannot. */
  | { readonly kind: 'fault'; readonly fault: Fault }

export interface GatewayView {
  readonly asOf: number
  readonly state: GatewayState
  /** null when the gateway was never set up. */
  readonly settings: GatewaySettings | null
  /** What it means to listen where it listens, in plain words; null while it does not. */
  readonly exposedAs: string | null
  readonly rules: readonly GatewayRuleView[]
  readonly keys: readonly GatewayKeyView[]
  /** Since the engine started. */
  readonly counts: {
    readonly requests: number
    readonly refused: number
    readonly failed: number
    readonly readBytes: number
    readonly writtenBytes: number
  }
  readonly openConnections: number
  readonly underWay: number
}
