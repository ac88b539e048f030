import { z } from 'zod'
import { operations } from '../shared/model/task.ts'
import type { FailureFilter, FailureListInput } from '../shared/api/inputs.ts'

/** What addresses may hold. A value that does not fit is dropped, so that an old or mistyped address still opens. */
const optional = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)
// A search for digits arrives from the address as a number.
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)

export const failureSearch = z.object({
  rule: optional(text),
  link: optional(text),
  state: optional(z.enum(['delayed', 'parked'])),
  code: optional(text),
  operation: optional(z.enum(operations)),
  search: optional(text),
  sort: optional(z.enum(['lastAttemptAt', 'firstFailedAt', 'attempts', 'key', 'nextAttemptAt'])),
  ascending: optional(z.boolean()),
  /** The row whose details are open. */
  item: optional(z.int()),
})
export type FailureSearch = z.output<typeof failureSearch>

export function filterOf(search: FailureSearch): FailureFilter {
  return {
    ruleId: search.rule ?? null,
    linkId: search.link ?? null,
    state: search.state ?? null,
    code: search.code ?? null,
    operation: search.operation ?? null,
    search: search.search ?? '',
  }
}

export function listInputOf(search: FailureSearch, offset: number, limit: number): FailureListInput {
  return {
    filter: filterOf(search),
    sort: search.sort ?? 'lastAttemptAt',
    descending: !(search.ascending ?? false),
    offset,
    limit,
  }
}

export const sitesSearch = z.object({ site: optional(text), add: optional(z.boolean()) })
export const ruleSearch = z.object({ edit: optional(z.boolean()), report: optional(text) })
export const transferSearch = z.object({ rule: optional(text) })
export const activitySearch = z.object({ rule: optional(text), level: optional(z.enum(['info', 'warning', 'error'])) })

/** A rule, or a source and its targets. */
export const advisorSearch = z.object({
  rule: optional(text),
  source: optional(text),
  targets: optional(z.array(text)),
})
export type AdvisorSearch = z.output<typeof advisorSearch>
