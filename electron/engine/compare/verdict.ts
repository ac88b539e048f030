import { levelText, verdictName } from '../../../shared/text/compare.ts'
import type { CompareLevel, CompareVerdict } from '../../../shared/model/compare.ts'
import type { Fault } from '../../../shared/model/fault.ts'
import { countOf } from '../../../shared/text/count.ts'
import { nestedUnseenText } from '../../../shared/text/nested-unseen.ts'
import { uncheckedText } from '../../../shared/text/unchecked.ts'
import type { TallyTotals } from './tally.ts'

/** What a comparison that has ended may claim: only what it saw. Pure. */
export function verdictOf(totals: TallyTotals, fault: Fault | null): CompareVerdict {
  if (totals.differenceCount > 0) return 'different'
  if (fault !== null || totals.notSeen.count > 0) return 'unknown'
  return totals.onItsWay.count > 0 ? 'on-its-way' : 'equal'
}

/** The verdict in words, with its numbers. Pure. */
export function statementOf(level: CompareLevel, totals: TallyTotals, fault: Fault | null): string {
  const verdict = verdictOf(totals, fault)
  const { differenceCount, differsBy, onItsWay, notSeen, exceptions, unchecked, nestedUnseen } = totals
  const looked = `${countOf(totals.keys, 'key')}, ${countOf(totals.versions, 'version')}`
  const asides = [
    verdict === 'different' && fault !== null ? `it ended before its end (${fault.code})` : '',
    verdict !== 'on-its-way' && onItsWay.count > 0 ? `${countOf(onItsWay.count, 'more', 'more')} on its way` : '',
    verdict !== 'unknown' && notSeen.count > 0 ? `${countOf(notSeen.count, 'more', 'more')} could not be seen` : '',
    totals.judgedOnce > 0 ? `${countOf(totals.judgedOnce, 'key')} that differ were looked at once only` : '',
    unchecked.length > 0 ? uncheckedText(unchecked) : '',
    nestedUnseen.length > 0 ? nestedUnseenText(nestedUnseen) : '',
    exceptions.length > 0 ? `${countOf(sum(exceptions), 'exception')} on purpose, listed by kind` : '',
  ].filter((aside) => aside !== '')
  return `${main()}${asides.length === 0 ? '' : ` Besides: ${asides.join('; ')}.`}`

  function main(): string {
    const { seen, unseen } = levelText[level]
    if (verdict === 'equal') return `${verdictName({ ...totals, verdict })} ${seen}: ${looked}. ${unseen}`
    if (verdict === 'different')
      return `Different: ${countOf(differenceCount, 'difference')} in ${looked}, the first ${levelText[differsBy!].by}.`
    if (verdict === 'on-its-way')
      return `On its way: ${countOf(onItsWay.count, 'difference')} in ${looked}, all of which wait for a copy; nothing else differs ${levelText[level].by}.`
    return fault === null
      ? `Could not tell: ${countOf(notSeen.count, 'version or key', 'versions or keys')} of ${looked} could not be seen; nothing else differs ${levelText[level].by}.`
      : `Could not tell: ${fault.message}`
  }
}

const sum = (exceptions: TallyTotals['exceptions']): number => exceptions.reduce((total, { count }) => total + count, 0)
