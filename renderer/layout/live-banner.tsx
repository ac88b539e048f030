import { Button } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useConsole, useLive } from '../console-parts.ts'
import { formatClock } from '../words/format.ts'

/** Says that the screen is a memory, and of when. */
export function LiveBanner() {
  const { live } = useConsole()
  const { kind, asOf, attempts } = useLive()
  if (kind !== 'lost') return null
  return (
    <div className="banner" role="alert">
      <IconPlugConnectedX size={18} aria-hidden />
      <span style={{ flex: 1 }}>
        The engine does not answer.{' '}
        {asOf === null ? 'Nothing could be read yet.' : `What you see is as of ${formatClock(asOf)}.`}{' '}
        {attempts > 1 ? `Tried ${attempts} times; trying again.` : 'Trying again.'}
      </span>
      <Button variant="default" onClick={live.retryNow}>
        Try now
      </Button>
    </div>
  )
}
