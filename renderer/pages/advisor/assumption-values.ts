import { assumptionsSchema, type AdviceFigures, type Assumptions, type Figure } from '../../../shared/model/advisor.ts'

const kibibyte = 1024
const mebibyte = 1_048_576

/** The fields in which assumptions are typed, each in a unit that people think in. */
export const assumptionFields = [
  { name: 'sourceRttMs', label: 'Round trip to the source, ms', scale: 1 },
  { name: 'targetRttMs', label: 'Round trip to the targets, ms', scale: 1 },
  { name: 'bandwidthBytesPerSecond', label: 'Bandwidth, MiB/s', scale: mebibyte },
  { name: 'averageChangesPerSecond', label: 'Average, changes/s', scale: 1 },
  { name: 'peakChangesPerSecond', label: 'Peak, changes/s', scale: 1 },
  { name: 'meanObjectBytes', label: 'Mean size of a change, KiB', scale: kibibyte },
  { name: 'peakMinutes', label: 'The peak lasts, minutes', scale: 1 },
] as const
export type AssumptionName = (typeof assumptionFields)[number]['name']

/** As typed; '' leaves the field to what was measured. */
export type AssumptionValues = Readonly<Record<AssumptionName, string | number>>

export const noAssumptions: AssumptionValues = {
  sourceRttMs: '',
  targetRttMs: '',
  bandwidthBytesPerSecond: '',
  averageChangesPerSecond: '',
  peakChangesPerSecond: '',
  meanObjectBytes: '',
  peakMinutes: '',
}

/** Reads the fields; one that does not fit is named and left out, so that the rest still counts. */
export function readAssumptions(values: AssumptionValues): {
  readonly assume: Assumptions
  readonly errors: Partial<Record<AssumptionName, string>>
} {
  const errors: Partial<Record<AssumptionName, string>> = {}
  const read: Partial<Record<AssumptionName, number>> = {}
  for (const { name, scale } of assumptionFields) {
    const typed = values[name]
    if (typed === '') continue
    const value = Number(typed) * scale
    if (assumptionsSchema.shape[name].safeParse(value).success) read[name] = value
    else errors[name] = `“${typed}” does not fit: use a larger or a smaller number.`
  }
  return { assume: assumptionsSchema.parse(read), errors }
}

/** What stands in a field that is left empty, in the field’s own unit; '' where nothing is known. */
export function measuredText(name: AssumptionName, figures: AdviceFigures): string {
  if (name === 'peakMinutes') return String(figures.peakMinutes)
  const figure = figureOf(name, figures)
  const { scale } = assumptionFields.find((field) => field.name === name)!
  return figure === null || figure.origin === 'assumed' ? '' : String(Number((figure.value / scale).toPrecision(3)))
}

function figureOf(
  name: Exclude<AssumptionName, 'peakMinutes'>,
  { source, targets, changes }: AdviceFigures,
): Figure | null {
  switch (name) {
    case 'sourceRttMs':
      return source.rttMedianMs
    case 'targetRttMs':
      return only(targets)?.rttMedianMs ?? null
    case 'bandwidthBytesPerSecond':
      return only(targets)?.bandwidthBytesPerSecond ?? null
    case 'averageChangesPerSecond':
      return changes.averagePerSecond
    case 'peakChangesPerSecond':
      return changes.peakPerSecond
    case 'meanObjectBytes':
      return changes.meanObjectBytes
  }
}

/** What several targets have of their own is no one number. */
const only = <T>(values: readonly T[]): T | null => (values.length === 1 ? values[0]! : null)
