import { z } from 'zod'
import { gatewayRights, type GatewayRight } from './gateway-rights.ts'
import { bucketName } from './rule.ts'

const instant = z.iso
  .datetime({ offset: true, error: 'use an instant such as 2027-01-31T18:00:00Z' })
  .transform((text) => Date.parse(text))

const rights = z
  .array(z.enum(gatewayRights))
  .min(1)
  .max(gatewayRights.length)
  // Each once and in one order, so that two grants of the same rights are the same value.
  .transform((named): readonly GatewayRight[] => gatewayRights.filter((right) => named.includes(right)))

/** What a client key may do, where, and until when. */
export const gatewayGrantSchema = z.strictObject({
  /** The buckets that the key reaches; none named means all of them. */
  buckets: z.array(bucketName).max(100).default([]),
  /** Beginnings of the keys that it reaches, in each of its buckets; none named means all keys. */
  prefixes: z.array(z.string().min(1).max(1024)).max(100).default([]),
  rights,
  /** From then on every request is refused: an instant such as `2027-01-31T18:00:00Z`, or epoch ms; null for never. */
  expiresAt: z
    .union([instant, z.int().min(0)])
    .nullable()
    .default(null),
})
export type GatewayGrant = Readonly<z.infer<typeof gatewayGrantSchema>>

const rightsOfAccess: Readonly<Record<'read' | 'readWrite', readonly GatewayRight[]>> = {
  read: ['read'],
  readWrite: ['read', 'write', 'delete', 'tags'],
}

/** A grant as files and journals state it: `access` is the older way to name rights, and nothing means `readWrite`. */
export const statedGrantSchema = gatewayGrantSchema.extend({
  rights: rights.optional(),
  access: z.enum(['read', 'readWrite']).optional(),
})

/** To be the transform of every schema that extends {@link statedGrantSchema}: rights alone come out of it. */
export function grantOf<T extends Pick<z.output<typeof statedGrantSchema>, 'rights' | 'access'>>(
  { access, rights, ...rest }: T,
  context: z.RefinementCtx,
): Omit<T, 'rights' | 'access'> & { readonly rights: readonly GatewayRight[] } {
  if (access !== undefined && rights !== undefined)
    context.addIssue({ code: 'custom', path: ['access'], message: 'name either rights or access, not both' })
  return { ...rest, rights: rights ?? rightsOfAccess[access ?? 'readWrite'] }
}

/** `photos, ledger, keys that begin with “2026/”`; `every bucket` where none is named. */
export function placeText({ buckets, prefixes }: Pick<GatewayGrant, 'buckets' | 'prefixes'>): string {
  const where = buckets.length === 0 ? 'every bucket' : buckets.join(', ')
  return prefixes.length === 0 ? where : `${where}, ${prefixText(prefixes)}`
}

/** `keys that begin with “2026/” or “2027/”`. */
export const prefixText = (prefixes: readonly string[]): string =>
  `keys that begin with ${prefixes.map((one) => `“${one}”`).join(' or ')}`
