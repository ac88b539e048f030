import type { UseFormReturnType } from '@mantine/form'
import { hidesFromCopies, type CopySwitch } from '../../../shared/model/quorum.ts'
import { deleteBrakeSchema, overwriteBrakeSchema } from '../../../shared/model/brake.ts'
import { ruleSchema, type AckPolicy, type BucketAt, type Rule } from '../../../shared/model/rule.ts'

/** A rule as it stands in the fields of the form: what may be half typed is text. */
export interface RuleFormValues {
  id: string
  enabled: boolean
  priority: string | number
  source: BucketAt
  targets: BucketAt[]
  prefix: string
  /** One pattern a line. */
  exclude: string
  /** One `key=value` a line. */
  tags: string
  existingObjects: boolean
  deleteMarkers: boolean
  versionDeletes: boolean
  metadata: boolean
  objectLock: Rule['objectLock']
  storageClass: string
  kmsKeyId: string
  sseCKeys: string
  refusedTags: Rule['fidelity']['refusedTags']
  shortenGovernance: boolean
  acl: Rule['fidelity']['acl']
  bandwidth: string | number
  bandwidthUnit: 'KiB' | 'MiB'
  brake: boolean
  brakeCount: string | number
  brakePercent: string | number
  brakeBucketPercent: string | number
  brakeMinutes: string | number
  overwriteBrake: boolean
  overwriteCount: string | number
  overwriteBucketPercent: string | number
  overwriteMinutes: string | number
  scanSeconds: string | number
  attributePass: 'auto' | 'off' | 'chosen'
  attributePerSecond: string | number
  onTargetWrites: Rule['onTargetWrites']
  ackPolicy: AckPolicy
  ackSeconds: string | number
  ackOnTimeout: Rule['ack']['onTimeout']
  ackReads: Rule['ack']['reads']
}

type WholeField = 'priority' | 'attributePerSecond' | 'brakeCount' | 'overwriteCount' | 'scanSeconds'
type ShareField = 'brakePercent' | 'brakeBucketPercent' | 'overwriteBucketPercent'
type MinutesField = 'brakeMinutes' | 'overwriteMinutes'
export type RuleFormErrors = Partial<Record<keyof RuleFormValues, string>>

export function valuesOf(rule: Rule): RuleFormValues {
  const brake = rule.deleteBrake ?? deleteBrakeSchema.parse({})
  const overwrites = rule.overwriteBrake ?? overwriteBrakeSchema.parse({})
  const limit = rule.bandwidth.bytesPerSecond
  const inMiB = limit !== null && limit % 1_048_576 === 0
  return {
    id: rule.id,
    enabled: rule.enabled,
    priority: rule.priority,
    source: rule.source,
    targets: [...rule.targets],
    prefix: rule.filter.prefix,
    exclude: rule.filter.exclude.join('\n'),
    tags: Object.entries(rule.filter.tags)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
    existingObjects: rule.existingObjects,
    deleteMarkers: rule.deleteMarkers,
    versionDeletes: rule.versionDeletes,
    metadata: rule.metadata,
    objectLock: rule.objectLock,
    storageClass: rule.storageClass ?? '',
    kmsKeyId: rule.fidelity.kmsKeyId ?? '',
    sseCKeys: rule.fidelity.sseCKeys.join(', '),
    refusedTags: rule.fidelity.refusedTags,
    shortenGovernance: rule.fidelity.shortenGovernance,
    acl: rule.fidelity.acl,
    bandwidth: limit === null ? '' : limit / (inMiB ? 1_048_576 : 1024),
    bandwidthUnit: limit === null || inMiB ? 'MiB' : 'KiB',
    brake: rule.deleteBrake !== null,
    brakeCount: brake.count,
    brakePercent: percentOf(brake.share),
    brakeBucketPercent: percentOf(brake.bucketShare),
    brakeMinutes: brake.windowMs / 60_000,
    overwriteBrake: rule.overwriteBrake !== null,
    overwriteCount: overwrites.count,
    overwriteBucketPercent: percentOf(overwrites.bucketShare),
    overwriteMinutes: overwrites.windowMs / 60_000,
    scanSeconds: rule.scanIntervalSeconds,
    attributePass: typeof rule.attributePass === 'object' ? 'chosen' : rule.attributePass,
    attributePerSecond: typeof rule.attributePass === 'object' ? rule.attributePass.perSecond : 5,
    onTargetWrites: rule.onTargetWrites,
    ackPolicy: rule.ack.policy,
    ackSeconds: rule.ack.timeoutMs / 1000,
    ackOnTimeout: rule.ack.onTimeout,
    ackReads: rule.ack.reads,
  }
}

/** Twelve digits hide what binary fractions add: 0.07 × 100 is not 7. */
const percentOf = (share: number): number => Number((share * 100).toPrecision(12))

/** The defaults for a new pair; the id says from where to where, and is free of what ids may not hold. */
export function newRuleValues(source: BucketAt, target: BucketAt, taken: readonly string[]): RuleFormValues {
  const wish = `${source.bucket}-to-${target.site}`.replace(/[^a-z0-9-]+/g, '-').slice(0, 58)
  return valuesOf(ruleSchema.parse({ id: freeId(wish, taken), source, targets: [target] }))
}

function freeId(wish: string, taken: readonly string[]): string {
  for (let number = 2, id = wish; ; number++) {
    if (!taken.includes(id)) return id
    id = `${wish}-${number}`
  }
}

export type ReadRule =
  { readonly rule: Rule; readonly errors: null } | { readonly rule: null; readonly errors: RuleFormErrors }

/** Reads the form; an error names the value and what to type instead. */
export function readRuleForm(values: RuleFormValues): ReadRule {
  const errors: RuleFormErrors = {}
  const whole = (name: WholeField, least: number, most: number): number => {
    const number = Number(values[name])
    if (values[name] === '' || !Number.isInteger(number) || number < least || number > most) {
      errors[name] = `“${values[name]}” does not fit: use a whole number from ${least} to ${most}.`
    }
    return number
  }
  const parsed = ruleSchema.safeParse({
    id: values.id,
    enabled: values.enabled,
    priority: whole('priority', 0, 1000),
    source: values.source,
    targets: values.targets,
    filter: { prefix: values.prefix, exclude: linesOf(values.exclude), tags: readTags(values.tags, errors) },
    existingObjects: values.existingObjects,
    deleteMarkers: values.deleteMarkers,
    versionDeletes: values.versionDeletes,
    metadata: values.metadata,
    objectLock: values.objectLock,
    storageClass: values.storageClass.trim() || null,
    fidelity: {
      kmsKeyId: values.kmsKeyId.trim() || null,
      sseCKeys: values.sseCKeys.split(/[\s,]+/).filter((name) => name !== ''),
      refusedTags: values.refusedTags,
      shortenGovernance: values.shortenGovernance,
      acl: values.acl,
    },
    bandwidth: { bytesPerSecond: readBandwidth(values, errors) },
    ack: readAck(values, errors),
    ...readBrakes(values, errors, whole),
    onTargetWrites: values.onTargetWrites,
    attributePass:
      values.attributePass === 'chosen' ? { perSecond: whole('attributePerSecond', 1, 1000) } : values.attributePass,
    scanIntervalSeconds: whole('scanSeconds', 5, 604_800),
  })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = issue.path[1] === 'sseCKeys' ? 'sseCKeys' : fieldOf(String(issue.path[0] ?? 'id'))
      const value = values[name]
      errors[name] ??= `${typeof value === 'string' ? `“${value}” does not fit: ` : ''}${issue.message}.`
    }
  } else if (parsed.data.ack.reads === 'quorum') checkCopies(parsed.data, errors)
  return parsed.success && Object.keys(errors).length === 0
    ? { rule: parsed.data, errors: null }
    : { rule: null, errors }
}

const switchNames: Readonly<Record<CopySwitch, string>> = {
  existingObjects: 'Copy what is there already',
  deleteMarkers: 'Repeat deletes',
  versionDeletes: 'Repeat permanent deletes of single versions',
}

function checkCopies(rule: Rule, errors: RuleFormErrors): void {
  const off = hidesFromCopies(rule)
  const missing = [
    ...(off.switches.length > 0
      ? [`switch on ${off.switches.map((name) => `“${switchNames[name]}”`).join(', ')}`]
      : []),
    ...(off.tags ? ['filter no tags'] : []),
  ]
  if (missing.length > 0)
    errors.ackReads = `A quorum needs copies of all that the source has: ${missing.join(', and ')}.`
}

function fieldOf(path: string): keyof RuleFormValues {
  if (path === 'filter') return 'prefix'
  if (path === 'fidelity') return 'kmsKeyId'
  if (path === 'deleteBrake') return 'brakeCount'
  if (path === 'overwriteBrake') return 'overwriteCount'
  if (path === 'scanIntervalSeconds') return 'scanSeconds'
  return path as keyof RuleFormValues
}

function readBrakes(
  values: RuleFormValues,
  errors: RuleFormErrors,
  whole: (name: WholeField, least: number, most: number) => number,
): Pick<Rule, 'deleteBrake' | 'overwriteBrake'> {
  const upTo = (name: ShareField | MinutesField, least: number, most: number): number => {
    const number = Number(values[name])
    if (values[name] !== '' && number >= least && number <= most) return number
    errors[name] = `“${values[name]}” does not fit: use a number from ${least} to ${most}.`
    return least
  }
  const share = (name: ShareField): number => upTo(name, 0, 100) / 100
  const windowMs = (name: MinutesField): number => Math.round(upTo(name, 0.02, 10_080) * 60_000)
  return {
    deleteBrake: values.brake
      ? {
          count: whole('brakeCount', 1, 1_000_000_000),
          share: share('brakePercent'),
          bucketShare: share('brakeBucketPercent'),
          windowMs: windowMs('brakeMinutes'),
        }
      : null,
    overwriteBrake: values.overwriteBrake
      ? {
          count: whole('overwriteCount', 1, 1_000_000_000),
          bucketShare: share('overwriteBucketPercent'),
          windowMs: windowMs('overwriteMinutes'),
        }
      : null,
  }
}

function readAck(values: RuleFormValues, errors: RuleFormErrors): Rule['ack'] {
  const seconds = Number(values.ackSeconds)
  const fits = values.ackSeconds !== '' && seconds >= 0.1 && seconds <= 600
  if (!fits) errors.ackSeconds = `“${values.ackSeconds}” does not fit: use a number from 0.1 to 600.`
  const timeoutMs = fits ? Math.round(seconds * 1000) : 10_000
  return { policy: values.ackPolicy, timeoutMs, onTimeout: values.ackOnTimeout, reads: values.ackReads }
}

function readBandwidth(values: RuleFormValues, errors: RuleFormErrors): number | null {
  if (values.bandwidth === '') return null
  const bytes = Math.round(Number(values.bandwidth) * (values.bandwidthUnit === 'MiB' ? 1_048_576 : 1024))
  if (Number.isFinite(bytes) && bytes >= 1024) return bytes
  errors.bandwidth = `“${values.bandwidth}” does not fit: use at least 1 KiB/s, or leave it empty for no limit.`
  return null
}

function readTags(text: string, errors: RuleFormErrors): Record<string, string> {
  const tags: Record<string, string> = {}
  for (const line of linesOf(text)) {
    const cut = line.indexOf('=')
    if (cut < 1) errors.tags = `“${line}” does not fit: write one tag a line as key=value.`
    else tags[line.slice(0, cut).trim()] = line.slice(cut + 1).trim()
  }
  return tags
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

export type RuleForm = UseFormReturnType<RuleFormValues>
