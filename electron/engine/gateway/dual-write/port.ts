import type { Clock } from '../../base/clock.ts'
import type { Intake } from '../../intake/port.ts'
import type { TaskEnds } from '../../queue/task-ends.ts'
import type { TaskQueue } from '../../queue/port.ts'
import type { SealKey } from '../../replicate/marks/seal.ts'
import type { RuleLink } from '../../rule/link.ts'
import type { Outcome } from '../../replicate/port.ts'
import type { OutgoingBody } from '../client-body.ts'
import type { Upstream } from '../upstream.ts'
import { type TargetFacts } from './fitness.ts'
import { type Share } from './shared-body.ts'

export interface DualWriteOptions {
  readonly intake: Pick<Intake, 'offer'>
  readonly queue: Pick<TaskQueue, 'claim' | 'ack' | 'release'>
  readonly taskEnds: Pick<TaskEnds, 'tell'>
  readonly facts: (link: RuleLink) => TargetFacts
  readonly isDegraded: (ruleId: string) => boolean
  /** Ends a task as a worker would: with what came of it. */
  readonly settle: (seq: number, outcome: Extract<Outcome, { kind: 'settled' }>) => Promise<void>
  readonly makeUrgent: (seqs: readonly number[]) => void
  readonly onMoved: (linkId: string, bytes: number) => void
  readonly onError: (error: unknown) => void
  readonly upstream: Upstream
  readonly clock: Clock
  readonly newId: () => string
  /** null: marks are not sealed. */
  readonly seal: SealKey | null
}

export interface TargetBody extends Pick<Share, 'leave'> {
  readonly body: OutgoingBody
  /** null for a body at hand. */
  readonly left: AbortSignal | null
}
