import type { BridgeMessage } from '../../shared/api/bridge.ts'

/** The names under which main process and preload meet: the one list. */
export const channels = {
  call: 'lockstep:call',
  watch: 'lockstep:watch',
  unwatch: 'lockstep:unwatch',
  push: 'lockstep:push',
} as const

/** One push to one watcher; `number` counts from 1, so that a lost push shows as a gap. */
export interface Push {
  readonly watchId: number
  readonly number: number
  readonly message: BridgeMessage
}
