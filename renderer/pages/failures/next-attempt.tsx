import type { Failure, Hold } from '../../../shared/model/task.ts'
import { Age, Until } from '../../components/times.tsx'
import { formatInstant } from '../../text/format.ts'

/** “in 12 s”, “parked”, that a worker has it at this moment, or what has to happen first and since when. */
export function NextAttempt({ failure: { state, waits, nextAttemptAt } }: { readonly failure: Failure }) {
  if (state === 'leased') return <>under way</>
  if (waits !== null) return <Waits hold={waits} />
  if (state === 'parked') return <strong>parked</strong>
  return nextAttemptAt === null ? <>in the queue</> : <Until at={nextAttemptAt} />
}

function Waits({ hold: { until, because, sinceAt } }: { readonly hold: Hold }) {
  return (
    <span className="clip3" title={`${until}${sinceAt === null ? '' : `; since ${formatInstant(sinceAt)}`}`}>
      runs when {until},{' '}
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
