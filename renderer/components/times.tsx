import { formatAgo, formatDuration, formatInstant, formatUntil } from '../text/format.ts'
import { behindOf } from '../text/link.ts'
import { useNow } from './use-now.ts'

const iso = (at: number) => new Date(at).toISOString()

export function Ago({ at }: { readonly at: number }) {
  return (
    <time dateTime={iso(at)} title={formatInstant(at)} className="nowrap">
      {formatAgo(at, useNow())}
    </time>
  )
}

export function Until({ at }: { readonly at: number }) {
  return (
    <time dateTime={iso(at)} title={formatInstant(at)} className="nowrap">
      {formatUntil(at, useNow())}
    </time>
  )
}

/** How long ago, without the words around it; “Nothing pending” where there is nothing. */
export function Age({ of }: { readonly of: number | null }) {
  const now = useNow()
  return <>{of === null ? 'Nothing pending' : formatDuration(now - of)}</>
}

/** “2 min 14 s behind”, or the words for a target that has everything. */
export function Behind({ oldestPendingAt }: { readonly oldestPendingAt: number | null }) {
  const now = useNow()
  return <>{behindOf(oldestPendingAt, now) ?? 'Nothing pending'}</>
}
