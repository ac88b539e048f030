import { useQueries } from '@tanstack/react-query'
import type { Failure } from '../../../shared/model/task.ts'
import { useConsole } from '../../console-parts.ts'
import { listInputOf, type FailureSearch } from '../../search.ts'

export const pageLength = 100

/** The pages that hold the rows from `first` to `last`. */
export function pagesFor(first: number, last: number): readonly number[] {
  const from = Math.floor(first / pageLength)
  const to = Math.floor(Math.max(first, last) / pageLength)
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

/** Reads only the pages in view; `at(index)` is undefined while a row is on its way. */
export function useFailureRows(search: FailureSearch, first: number, last: number) {
  const { queries } = useConsole()
  const pages = pagesFor(first, last)
  const results = useQueries({
    queries: pages.map((page) => queries.failures(listInputOf(search, page * pageLength, pageLength))),
  })
  return {
    error: results.find(({ isError }) => isError)?.error ?? null,
    at: (index: number): Failure | undefined => {
      const place = pages.indexOf(Math.floor(index / pageLength))
      return results[place]?.data?.rows[index % pageLength]
    },
  }
}
