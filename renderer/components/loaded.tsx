import { Skeleton, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { tellError } from '../words/told.ts'
import { ToldNote } from './told-note.tsx'

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
  const fault = query.isError ? <ToldNote told={tellError(query.error)} retry={() => void query.refetch()} /> : null
  if (query.data !== undefined) {
    return (
      <>
        {fault}
        {children(query.data)}
      </>
    )
  }
  if (fault) return <div role="alert">{fault}</div>
  return (
    <Stack gap="sm" role="status" aria-label={`Loading ${what}`}>
      <Skeleton height={56} />
      <Skeleton height={120} />
      <Skeleton height={120} />
    </Stack>
  )
}
