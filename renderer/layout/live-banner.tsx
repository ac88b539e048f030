import { Button } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { faultKinds } from '../../shared/model/fault.ts'
import { useWallClock } from '../components/use-now.ts'
import { useConsole, useLive } from '../console-parts.ts'
import { isStale, type LiveState } from '../live.ts'
import { formatAgo, formatClock } from '../text/format.ts'

/** The one place that says that the screen is a memory, of when, and what to do. */
export function LiveBanner() {
  const { live } = useConsole()
  const state = useLive()
  const now = useWallClock()
  if (!isStale(state)) return null
  const { asOf } = state
  return (
    <div className="banner" role="alert">
      <IconPlugConnectedX size={18} aria-hidden />
      <span style={{ flex: 1 }}>
        {whyStale(state)}{' '}
        {asOf === null
          ? 'Nothing could be read yet.'
          : `What you see is as of ${formatClock(asOf)}, ${formatAgo(asOf, now)}.`}{' '}
        {whatToDo(state)}
      </span>
      <Button variant="default" onClick={live.retryNow}>
        Try now
      </Button>
    </div>
  )
}

function whyStale({ kind }: LiveState): string {
  return kind === 'signed-out' ? faultKinds.SESSION_UNKNOWN.title : 'The engine does not answer.'
}

function whatToDo({ kind, attempts }: LiveState): string {
  if (kind === 'signed-out') return `${faultKinds.SESSION_UNKNOWN.remedy}.`
  if (attempts <= 1) return 'Trying again.'
  const elsewhere =
    attempts > 3 ? ' If Lockstep was started anew at another address, open the link that it printed.' : ''
  return `Tried ${attempts} times; trying again.${elsewhere}`
}
