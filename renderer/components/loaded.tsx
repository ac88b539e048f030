import { Skeleton, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { useLive } from '../console-parts.ts'
import { isStale } from '../live.ts'
import { QueryFault } from './query-fault.tsx'

interface QueryState<T> {
  readonly data: T | undefined
  readonly error: unknown
  readonly isError: boolean
  refetch(): unknown
}

interface LoadedProps<T> {
  readonly query: QueryState<T>
  /** Names what is loaded, for those who hear it: “the sites”. */
  readonly what: string
  readonly children: (value: T) => ReactNode
}

/** The states before a page is full: loading and fault. What was loaded before stays visible under a fault. */
export function Loaded<T>({ query, what, children }: LoadedProps<T>) {
  const live = useLive()
  const fault = query.isError ? <QueryFault error={query.error} retry={() => void query.refetch()} /> : null
  if (query.data !== undefined) {
    return (
      <>
        {fault}
        {children(query.data)}
      </>
    )
  }
  if (isStale(live)) return <p className="dim">Not known: nothing was read of {what} before the engine was lost.</p>
  if (fault) return <div role="alert">{fault}</div>
  return (
    <Stack gap="sm" role="status" aria-label={`Loading ${what}`}>
      <Skeleton height={56} />
      <Skeleton height={120} />
      <Skeleton height={120} />
    </Stack>
  )
}
