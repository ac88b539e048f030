import type { FailureFilter } from '../../../shared/api/inputs.ts'
import { countOf } from '../../text/format.ts'
import { operationText } from '../../text/link.ts'

/** A filter as the end of a sentence: “of rule photos, parked, with ACCESS_DENIED”; empty when nothing is filtered. */
export function filterText(filter: FailureFilter): string {
  const parts = [
    filter.ruleId !== null ? `of rule ${filter.ruleId}` : null,
    filter.linkId !== null ? `of link ${filter.linkId}` : null,
    filter.state === 'parked' ? 'parked' : filter.state === 'delayed' ? 'waiting for their next attempt' : null,
    filter.code !== null ? `with ${filter.code}` : null,
    filter.operation !== null ? `operation “${operationText[filter.operation]}”` : null,
    filter.search !== '' ? `with “${filter.search}” in the key` : null,
  ].filter((part) => part !== null)
  return parts.join(', ')
}

/** Names the number, because what is asked for is done to that many. */
export function retryQuestion(total: number, filter: FailureFilter): string {
  const words = filterText(filter)
  return `${countOf(total, 'item')} ${words === '' ? 'in the list' : words}`
}
