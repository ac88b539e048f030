import { useLive } from '../console-parts.ts'
import { isStale } from '../live.ts'
import { tellError } from '../text/told.ts'
import { ToldNote } from './told-note.tsx'

/** What the one banner above the page says already. */
const ofNobodyAnswering: ReadonlySet<string> = new Set(['NO_ANSWER', 'SESSION_UNKNOWN'])

interface QueryFaultProps {
  readonly error: unknown
  readonly retry?: (() => void) | undefined
}

/** Why something could not be read. Nothing while no engine is heard at all: that is said once, for the whole screen. */
export function QueryFault({ error, retry }: QueryFaultProps) {
  const live = useLive()
  const told = tellError(error)
  if (isStale(live) && ofNobodyAnswering.has(told.code)) return null
  return <ToldNote told={told} retry={retry} />
}
