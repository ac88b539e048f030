import type { z } from 'zod'
import { siteInput, siteUpdateInput } from '../../../shared/api/inputs.ts'
import type { Site } from '../../../shared/model/site.ts'

export interface SiteFormValues {
  name: string
  endpoint: string
  region: string
  pathStyle: boolean
  caFile: string
  insecureSkipVerify: boolean
  keysFrom: 'typed' | 'environment'
  accessKeyId: string
  secretAccessKey: string
  env: string
}
export type SiteFormErrors = Partial<Record<keyof SiteFormValues, string>>
type SiteCreate = z.output<typeof siteInput>
type SiteUpdate = z.output<typeof siteUpdateInput>

export const emptySiteValues: SiteFormValues = {
  name: '',
  endpoint: '',
  region: 'us-east-1',
  pathStyle: true,
  caFile: '',
  insecureSkipVerify: false,
  keysFrom: 'typed',
  accessKeyId: '',
  secretAccessKey: '',
  env: '',
}

/** An existing site in the form. Its keys are not here: the console never sees them again. */
export function siteValuesOf(site: Site): SiteFormValues {
  return {
    ...emptySiteValues,
    name: site.name,
    endpoint: site.endpoint,
    region: site.region,
    pathStyle: site.pathStyle,
    caFile: site.tls.caFile ?? '',
    insecureSkipVerify: site.tls.insecureSkipVerify,
  }
}

/** `Berlin 2 (old)` → `berlin-2-old`, made free of the ids that are taken. */
export function siteIdFor(name: string, taken: readonly string[]): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 58)
  const wish = plain === '' ? 'site' : plain
  let id = wish
  for (let number = 2; taken.includes(id); number++) id = `${wish}-${number}`
  return id
}

type Read<T> = { readonly site: T; readonly errors: null } | { readonly site: null; readonly errors: SiteFormErrors }

export function readNewSite(values: SiteFormValues, taken: readonly string[]): Read<SiteCreate> {
  const errors = emptyFields(values, true)
  const parsed = siteInput.safeParse({
    ...wireOf(values, siteIdFor(values.name, taken)),
    credentials: credentialsOf(values),
  })
  return outcome(parsed, errors, values)
}

/** Keys left empty stay as they are. */
export function readChangedSite(values: SiteFormValues, id: string): Read<SiteUpdate> {
  const keepsKeys = values.keysFrom === 'typed' && values.accessKeyId === '' && values.secretAccessKey === ''
  const errors = emptyFields(values, !keepsKeys)
  const wire = keepsKeys ? wireOf(values, id) : { ...wireOf(values, id), credentials: credentialsOf(values) }
  return outcome(siteUpdateInput.safeParse(wire), errors, values)
}

function wireOf(values: SiteFormValues, id: string) {
  const caFile = values.caFile.trim()
  return {
    id,
    name: values.name.trim(),
    endpoint: values.endpoint.trim(),
    region: values.region.trim(),
    pathStyle: values.pathStyle,
    tls: { ...(caFile === '' ? {} : { caFile }), insecureSkipVerify: values.insecureSkipVerify },
  }
}

function credentialsOf(values: SiteFormValues) {
  return values.keysFrom === 'environment'
    ? { env: values.env.trim() }
    : { accessKeyId: values.accessKeyId.trim(), secretAccessKey: values.secretAccessKey.trim() }
}

function emptyFields(values: SiteFormValues, needsKeys: boolean): SiteFormErrors {
  const errors: SiteFormErrors = {}
  if (values.name.trim() === '')
    errors.name = 'The name is empty: use one that you will know the site by, such as Berlin.'
  if (values.region.trim() === '') errors.region = 'The region is empty: use us-east-1 where the server has none.'
  if (!needsKeys) return errors
  if (values.keysFrom === 'environment') {
    if (!/^[A-Z_][A-Z0-9_]*$/.test(values.env.trim())) {
      errors.env = `“${values.env}” does not fit: use capital letters, digits and _, such as SITE_A.`
    }
    return errors
  }
  if (values.accessKeyId.trim() === '') errors.accessKeyId = 'The access key is empty: paste it from the site.'
  if (values.secretAccessKey.trim() === '') errors.secretAccessKey = 'The secret key is empty: paste it from the site.'
  return errors
}

function outcome<T>(parsed: z.ZodSafeParseResult<T>, errors: SiteFormErrors, values: SiteFormValues): Read<T> {
  const found = { ...errors }
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path[0]
      if (name === 'endpoint') found.endpoint ??= `“${values.endpoint}” does not fit: ${issue.message}.`
      else if (name === 'name') found.name ??= `“${values.name}” does not fit: use 1 to 80 characters.`
    }
  }
  return parsed.success && Object.keys(found).length === 0
    ? { site: parsed.data, errors: null }
    : { site: null, errors: found }
}
