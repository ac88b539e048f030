import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleOff,
  IconClockPause,
  IconCopy,
  IconPlayerPause,
  IconTransfer,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { LinkState } from '../../shared/model/rule.ts'
import { stateWords, type StateKind, type Tone } from '../words/link-words.ts'

const stateIcons: Record<StateKind, typeof IconCopy> = {
  'in-step': IconCircleCheck,
  copying: IconTransfer,
  'first-copy': IconCopy,
  paused: IconPlayerPause,
  waiting: IconClockPause,
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
  const { label, tone } = stateWords[state.kind]
  const Icon = stateIcons[state.kind]
  return (
    <span className="tone" data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden />
      {label}
    </span>
  )
}

export function ToneBadge({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  const Icon = toneIcons[tone]
  return (
    <span className="tone" data-tone={tone}>
      <Icon size={14} stroke={2} aria-hidden />
      {children}
    </span>
  )
}
