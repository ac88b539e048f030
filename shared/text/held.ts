import { faultKinds } from '../model/fault.ts'
import type { EventsState } from '../model/rule.ts'
import type { HeldCause } from '../model/sync-state.ts'
import { countOf, formatCount } from './count.ts'
import { faultText } from './sentence.ts'

/** What holds, in one or two sentences: `Oslo cannot be used as a target. The access key may not do this.` */
export function heldTitle({ what, code, siteName }: Pick<HeldCause, 'what' | 'code' | 'siteName'>): string {
  const site = siteName ?? 'The site'
  const title = faultKinds[code].title
  switch (what) {
    case 'journal':
      return title
    case 'offline':
      return `${site} is offline. ${title}`
    case 'target':
      return `${site} cannot be used as a target. ${title}`
    case 'look':
      return `What others wrote at ${site} cannot be seen. ${title}`
    case 'listing':
      return `Changes cannot be read at ${site}. ${title}`
    case 'bucket':
      return `A bucket at ${site} is not any more what it was. ${title}`
  }
}

/** `3 rules are held: photos, ledger, builds`; of many the first few. */
export function heldRules({ ruleIds }: Pick<HeldCause, 'ruleIds'>, shown = 4): string {
  const first = ruleIds.slice(0, shown).join(', ')
  const more = ruleIds.length > shown ? ` and ${formatCount(ruleIds.length - shown)} more` : ''
  return `${countOf(ruleIds.length, 'rule is', 'rules are')} held: ${first}${more}`
}

/** A source that should tell of changes and does not: since when is left to whoever shows it. */
export function eventsLine({ fault, scanEverySeconds }: Extract<EventsState, { kind: 'unavailable' }>): string {
  return `Events unavailable, scanning every ${formatCount(scanEverySeconds)} s. ${faultText(fault)}`
}
