import type { z } from 'zod'
import type { EngineApi, ImportPreview } from '../../../shared/api/engine-api.ts'
import { configFields, refuseTwins, type Config } from '../../../shared/model/config.ts'
import { fault, FaultError } from '../../../shared/model/fault.ts'
import type { GatewaySettings } from '../../../shared/model/gateway.ts'
import type { Rule } from '../../../shared/model/rule.ts'
import { refuseUnknownKeys, type SseCKeys } from '../site/sse-c-keys.ts'
import { siteWithCredentialsSchema, type Credentials, type Site } from '../../../shared/model/site.ts'
import { parseConfig } from '../config/parse-config.ts'
import type { Gateway } from '../gateway/gateway.ts'
import { judgedWith } from '../rule/validate.ts'

/** What an import may change, and what an export reads. */
export interface ConfigParts {
  readonly sites: () => readonly Site[]
  readonly rules: () => readonly Rule[]
  readonly workers: () => Config['workers']
  readonly notifications: Config['notifications']
  readonly gateway: Pick<Gateway, 'settings' | 'check' | 'configure' | 'declare'>
  readonly sseCKeys: Pick<SseCKeys, 'has' | 'check' | 'declare' | 'import'>
  readonly hasKeys: (siteId: string) => boolean
  /** Throws CONFIG_INVALID when the credentials name environment variables that are not set. */
  readonly checkKeys: (siteId: string, credentials: Credentials) => void
  readonly putSite: (site: Site, credentials: Credentials | null) => Promise<void>
  readonly putRule: (rule: Rule) => Promise<void>
  readonly setWorkers: (workers: Config['workers']) => Promise<void>
  /** Throws what is wrong with the rules as a set. Those that bring keys round are refused only when they are `changed`. */
  readonly validate: (rules: readonly Rule[], sites: readonly Site[], changed: ReadonlySet<string>) => void
}

/** An export carries no secrets: its sites come without credentials, and an import keeps those that are known. */
const importSchema = configFields
  .extend({ sites: siteWithCredentialsSchema.partial({ credentials: true }).array().max(64).default([]) })
  .superRefine(refuseTwins)
type Import = z.infer<typeof importSchema>

export function configApi(parts: ConfigParts): EngineApi['config'] {
  return {
    export: () => exported(parts),
    preview: ({ text }) => preview(parseImport(text, parts), parts),
    async apply({ text }) {
      const wanted = parseImport(text, parts)
      const shown = preview(wanted, parts)
      if (shown.missingSecretsFor.length > 0) {
        throw new FaultError(
          fault(
            'CONFIG_INVALID',
            `These sites have no credentials in the file and none here: ${shown.missingSecretsFor.join(', ')}.`,
          ),
        )
      }
      await applyConfig(wanted, parts, { lasting: true })
      return shown
    },
  }
}

/**
 * Sites first, because rules name them. What the file does not name stays as it is: an import never removes. `lasting`:
 * client keys are kept beyond this run; those of a file that is read at every start are not.
 */
export async function applyConfig(
  wanted: Pick<Import, 'sites' | 'rules' | 'workers' | 'gateway' | 'sseCKeys'>,
  parts: ConfigParts,
  { lasting }: { readonly lasting: boolean },
): Promise<void> {
  // What ran under an older release does not keep the engine from starting: such rules are held, and say why.
  validateTogether(wanted, parts, lasting ? wanted.rules : [])
  for (const { credentials, ...site } of wanted.sites) await parts.putSite(site, credentials ?? null)
  if (lasting) await parts.sseCKeys.import(wanted.sseCKeys)
  else parts.sseCKeys.declare(wanted.sseCKeys)
  for (const rule of wanted.rules) await parts.putRule(rule)
  await parts.setWorkers(wanted.workers)
  if (wanted.gateway === null) return
  const { keys, ...settings } = wanted.gateway
  await parts.gateway.declare(keys, lasting)
  await parts.gateway.configure(settings)
}

function exported({ sites, rules, workers, notifications, gateway }: ConfigParts): string {
  const all = { sites: sites(), rules: rules(), workers: workers(), notifications, gateway: gateway.settings() }
  return `${JSON.stringify({ version: 1, ...all }, null, 2)}\n`
}

function parseImport(text: string, parts: ConfigParts): Import {
  const wanted = parseConfig(importSchema, text, 'file')
  validateTogether(wanted, parts, wanted.rules)
  return wanted
}

/** Looks at what would be there afterwards, all of it, before anything is changed. */
function validateTogether(
  wanted: Pick<Import, 'sites' | 'rules' | 'gateway' | 'sseCKeys'>,
  parts: ConfigParts,
  changed: readonly Rule[],
): void {
  for (const { id, credentials } of wanted.sites) if (credentials !== undefined) parts.checkKeys(id, credentials)
  parts.sseCKeys.check(wanted.sseCKeys)
  const given = new Set(wanted.sseCKeys.map(({ name }) => name))
  refuseUnknownKeys(changed, (name) => given.has(name) || parts.sseCKeys.has(name))
  const sites = mergedById(parts.sites(), wanted.sites)
  parts.validate(judgedWith(wanted.rules, parts.rules(), sites), sites, new Set(changed.map(({ id }) => id)))
  if (wanted.gateway !== null)
    parts.gateway.check(
      wanted.gateway,
      sites.map(({ id }) => id),
    )
}

function mergedById<T extends { readonly id: string }>(known: readonly T[], wanted: readonly T[]): readonly T[] {
  return [...new Map([...known, ...wanted].map((one) => [one.id, one])).values()]
}

function preview(wanted: Import, parts: ConfigParts): ImportPreview {
  const sites = new Map(parts.sites().map((site) => [site.id, site]))
  const rules = new Map(parts.rules().map((rule) => [rule.id, rule]))
  const changes = [
    ...wanted.sites.flatMap(({ credentials, ...site }) => [
      ...changeOf('site', site, sites.get(site.id)),
      ...(credentials === undefined ? [] : [`Set the credentials of site ${site.id}.`]),
    ]),
    ...wanted.sseCKeys.map(({ name }) => `Set the SSE-C key ${name}.`),
    ...wanted.rules.flatMap((rule) => changeOf('rule', rule, rules.get(rule.id))),
    ...(same(wanted.workers, parts.workers())
      ? []
      : [`Set workers to ${wanted.workers.limit}, ${wanted.workers.large} of them for large objects.`]),
    ...gatewayChanges(wanted.gateway, parts.gateway.settings()),
  ]
  const missing = wanted.sites.filter((site) => site.credentials === undefined && !parts.hasKeys(site.id))
  return { changes, missingSecretsFor: missing.map((site) => site.id) }
}

function gatewayChanges(wanted: Import['gateway'], known: GatewaySettings | null): readonly string[] {
  if (wanted === null) return []
  const { keys, ...settings } = wanted
  const where = settings.listen === null ? 'switched off' : `on ${settings.listen}`
  return [
    ...(same(settings, known) ? [] : [`Set the gateway to site ${settings.site}, ${where}.`]),
    ...keys.map(({ accessKeyId }) => `Set the client key ${accessKeyId} of the gateway.`),
  ]
}

function changeOf(
  what: string,
  wanted: { readonly id: string },
  known: { readonly id: string } | undefined,
): readonly string[] {
  if (known === undefined) return [`Add ${what} ${wanted.id}.`]
  const before = known as Record<string, unknown>
  const fields = Object.entries(wanted).filter(([name, value]) => !same(value, before[name]))
  return fields.length === 0 ? [] : [`Change ${what} ${wanted.id}: ${fields.map(([name]) => name).join(', ')}.`]
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
