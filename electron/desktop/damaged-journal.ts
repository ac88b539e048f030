import { FaultError } from '../../shared/model/fault.ts'
import type { Renewal } from '../engine/renewal/renew-journal.ts'

export interface DamageDialogs {
  /** True when the operator chose to begin a new journal; false to quit. */
  readonly ask: (message: string, detail: string) => boolean
  readonly tell: (message: string, detail: string) => void
  readonly renew: () => Promise<Renewal>
}

/**
 * Starts; where the journal is damaged the operator is asked whether a new one is to be begun, and told what that took over and
 * what is lost. null when the operator would rather quit: nothing was changed then.
 */
export async function startPastDamage<T>(
  start: () => Promise<T>,
  { ask, tell, renew }: DamageDialogs,
): Promise<T | null> {
  try {
    return await start()
  } catch (error) {
    if (!(error instanceof FaultError) || error.fault.code !== 'JOURNAL_DAMAGED') throw error
    const detail =
      `${error.fault.message}\n\nCheck the disk first. A backup of the data directory that is whole may be put back. Otherwise a ` +
      'new journal can be begun: the damaged files are kept aside, sites and rules that can still be read are taken over, each ' +
      'rule paused, and scans find out the rest. Nothing is deleted at any site for it.'
    if (!ask('Lockstep’s journal is damaged', detail)) return null
    tell('A new journal was begun', wordsOf(await renew()))
    return await start()
  }
}

const wordsOf = ({ aside, siteIds, ruleIds, lost }: Renewal): string =>
  [
    `Kept aside: ${listed(aside)}`,
    `Sites taken over: ${listed(siteIds)}`,
    `Rules taken over, paused until you resume them: ${listed(ruleIds)}`,
    `Lost:\n${lost.map((line) => `• ${line}`).join('\n')}`,
  ].join('\n\n')

const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '))
