import { countOf, formatCount } from './format.ts'

interface InFlight {
  /** Rows on the page. */
  readonly shown: number
  /** Rows that the engine told: the largest ones, where there are many. */
  readonly told: number
  /** All that workers have, of the same instant; null while not known. */
  readonly busy: number | null
  /** The page shows this rule's only. */
  readonly rule: string | undefined
}

/** How many are in flight, and how many of them are seen here. */
export function inFlightText({ shown, told, busy, rule }: InFlight): string {
  const all = Math.max(busy ?? 0, told)
  const seen = told < all ? `the largest ${formatCount(told)} of ${formatCount(all)} in flight` : 'in flight'
  if (rule !== undefined) return `${countOf(shown, 'object')} of rule ${rule} ${told < all ? 'among ' : ''}${seen}`
  return told < all
    ? `The largest ${formatCount(told)} of ${formatCount(all)} in flight`
    : `${countOf(shown, 'object')} ${seen}`
}

/** Why nothing is in flight: an empty page is no proof that all has arrived. */
export function nothingInFlightText(pending: number | null): string {
  if (pending === null) return 'What is pending is not known yet.'
  if (pending === 0) return 'No change that was noticed is pending.'
  const are = pending === 1 ? 'is' : 'are'
  return `${countOf(pending, 'change')} ${are} pending all the same: for their next attempt, for an older change of their key, or for what holds their rule. Overview and Failures say which.`
}
