import { z } from 'zod'
import { gatewaySettingsSchema } from '../../../shared/model/gateway.ts'
import { settingsSchema } from '../config/settings.ts'
import { webhookRecordSchema } from '../feed/webhook-token.ts'
import { clientKeyRecordSchema } from '../gateway/client-keys.ts'
import { ruleRecordSchema } from '../rule/rule-book.ts'
import { siteRecordSchema } from '../site/site-record.ts'
import { sseCKeyPrefix, sseCKeyRecordSchema } from '../site/sse-c-keys.ts'

/**
 * What a new journal takes over of a damaged one, by the beginnings of the names: what an operator decided, and what makes the
 * engine more careful. Nothing that says what is where, for that is found out anew, and nothing that lets anything be deleted.
 */
const kinds: Readonly<Record<string, z.ZodType>> = {
  'site/': siteRecordSchema,
  'rule/': ruleRecordSchema,
  'gateway-key/': clientKeyRecordSchema,
  [sseCKeyPrefix]: sseCKeyRecordSchema,
  settings: settingsSchema,
  gateway: gatewaySettingsSchema,
  'webhook-token': webhookRecordSchema,
  'generation/': z.int().min(1),
  'sources-of/': z.array(z.string()),
}

export const takenOverPrefixes = Object.keys(kinds)

export interface TakenOver {
  readonly values: ReadonlyMap<string, unknown>
  readonly siteIds: readonly string[]
  readonly ruleIds: readonly string[]
  /** Names of values that were found and are not whole. */
  readonly unreadable: readonly string[]
}

/** Picks what is whole. Every rule comes back paused, for `reason`: an operator looks at it before it acts. */
export function takeOver(found: ReadonlyMap<string, unknown>, reason: string, at: number): TakenOver {
  const values = new Map<string, unknown>()
  const unreadable: string[] = []
  for (const [name, value] of found) {
    const kind = Object.entries(kinds).find(([prefix]) =>
      prefix.endsWith('/') ? name.startsWith(prefix) : name === prefix,
    )
    if (kind === undefined) continue
    if (!kind[1].safeParse(value).success) unreadable.push(name)
    else values.set(name, kind[0] === 'rule/' ? paused(value, reason, at) : value)
  }
  return { values, siteIds: idsOf(values, 'site/'), ruleIds: idsOf(values, 'rule/'), unreadable }
}

const paused = (record: unknown, reason: string, at: number): unknown => ({
  ...ruleRecordSchema.parse(record),
  paused: { by: 'operator', reason, at },
})

const idsOf = (values: ReadonlyMap<string, unknown>, prefix: string): readonly string[] =>
  [...values.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))
