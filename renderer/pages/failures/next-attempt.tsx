import { useQuery } from '@tanstack/react-query'
import type { Failure } from '../../../shared/model/task.ts'
import { Age, Until } from '../../components/times.tsx'
import { useConsole } from '../../console-parts.ts'
import { formatInstant } from '../../words/format.ts'
import { holdOf, type Hold } from '../../words/next-attempt.ts'

/** “in 12 s”, “parked”, that a worker has it at this moment, or whom it waits for and since when. */
export function NextAttempt({ failure }: { readonly failure: Failure }) {
  const { queries } = useConsole()
  const { data: sites = [] } = useQuery(queries.sites)
  const { data: rules = [] } = useQuery(queries.rules)
  if (failure.state === 'leased') return <>under way</>
  const hold = holdOf(failure, sites, rules)
  if (hold !== null) return <Waits hold={hold} />
  if (failure.state === 'ready') return <>in the queue</>
  if (failure.state === 'parked' || failure.nextAttemptAt === null) return <strong>parked</strong>
  return <Until at={failure.nextAttemptAt} />
}

function Waits({ hold: { waitsFor, because, sinceAt } }: { readonly hold: Hold }) {
  return (
    <span title={sinceAt === null ? undefined : `Since ${formatInstant(sinceAt)}`}>
      waits for {waitsFor},{' '}
      <span className="dim">
        {because}
        {sinceAt !== null && (
          <>
            {' '}
            for <Age of={sinceAt} />
          </>
        )}
      </span>
    </span>
  )
}
