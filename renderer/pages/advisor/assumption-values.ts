import { assumptionsSchema, type Assumptions } from '../../../shared/model/advisor.ts'

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
