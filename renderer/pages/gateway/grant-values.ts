import type { GatewayRight } from '../../../shared/model/gateway-rights.ts'
import { bucketName } from '../../../shared/model/rule.ts'

/** What the form for a new key holds. */
export interface GrantValues {
  readonly label: string
  readonly buckets: string[]
  readonly prefixes: string[]
  readonly rights: readonly GatewayRight[]
  /** `2027-01-31`, in local time; '' for none. */
  readonly lastDay: string
}

/** The instant at which a key ends that works through this day; null for none. */
export function lastMomentOf(lastDay: string): number | null {
  const [year, month, day] = lastDay.split('-').map(Number)
  return year === undefined || month === undefined || day === undefined
    ? null
    : new Date(year, month - 1, day + 1).getTime()
}

/** What must be mended before a key can be made, by field; {} when nothing. */
export function grantProblems(values: GrantValues, now: number): Partial<Record<keyof GrantValues, string>> {
  const wrong = values.buckets.find((name) => !bucketName.safeParse(name).success)
  const endsAt = lastMomentOf(values.lastDay)
  return {
    ...(values.label.trim() === '' && { label: 'The name is empty: use one that tells the client, such as backup.' }),
    ...(values.rights.length === 0 && { rights: 'Nothing is chosen: tick at least one right.' }),
    ...(wrong !== undefined && {
      buckets: `“${wrong}” does not fit: use 3–63 lower-case letters, digits, dots and dashes.`,
    }),
    ...(endsAt !== null && endsAt <= now && { lastDay: 'This day is over: choose today or a later one.' }),
  }
}
