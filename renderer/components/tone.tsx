import {
  IconAlertTriangle,
  IconArrowsSplit,
  IconBan,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleOff,
  IconClockPause,
  IconCopy,
  IconHandStop,
  IconLock,
  IconPlayerPause,
  IconTransfer,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { LinkState } from '../../shared/model/rule.ts'
import { kindOf, type StateKind } from '../../shared/model/sync-state.ts'
import { stateText, type Tone } from '../text/link.ts'

const stateIcons: Record<StateKind, typeof IconCopy> = {
  'in-step': IconCircleCheck,
  copying: IconTransfer,
  'first-copy': IconCopy,
  paused: IconPlayerPause,
  'not-converging': IconArrowsSplit,
  stopped: IconHandStop,
  waiting: IconClockPause,
  held: IconLock,
  failing: IconAlertTriangle,
  disabled: IconCircleOff,
}

const toneIcons: Record<Tone, typeof IconCopy> = {
  good: IconCircleCheck,
  busy: IconTransfer,
  waiting: IconClockPause,
  bad: IconAlertTriangle,
  quiet: IconCircleDashed,
}

/** A state as icon, word and colour together: no colour carries a meaning alone. */
export function StateBadge({ state }: { readonly state: LinkState }) {
  const kind = kindOf(state)
  const { label, tone } = stateText[kind]
  const Icon = stateIcons[kind]
  return (
    <span className="tone" data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden />
      {label}
    </span>
  )
}

interface ToneBadgeProps {
  readonly tone: Tone
  /** Somebody was refused: nothing waits, and nothing is broken. */
  readonly refused?: boolean
  readonly children: ReactNode
}

export function ToneBadge({ tone, refused = false, children }: ToneBadgeProps) {
  const Icon = refused ? IconBan : toneIcons[tone]
  return (
    <span className="tone" data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden />
      {children}
    </span>
  )
}
