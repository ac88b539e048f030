import { FaultError, type Fault } from '../../shared/model/fault.ts'
import { faultFrom } from '../engine/base/errors.ts'

/** An error that no code caught: a promise that nobody waited for, or a throw in a callback. */
export interface StrayError {
  readonly kind: 'rejection' | 'exception'
  readonly error: unknown
}

export interface StraySource {
  readonly onStray: (listener: (stray: StrayError) => void) => void
}

export interface StrayEnds {
  /** One JSON line. */
  readonly log: (line: string) => void
  /** Tells the operator, on the Activity page; the engine counts them. */
  readonly note: (fault: Fault) => void
  /** What is in memory is not trusted any more: ends the process, for this reason. */
  readonly end: (fault: Fault) => void
}

/**
 * Keeps the process through errors that nobody caught, as far as that is safe, and never silently.
 *
 * A rejection is survived: what failed is one request or one job of a pool, and whatever is acknowledged follows what was
 * awaited. So is an exception of the journal, which has ended all writing by itself before it throws, and one of a socket, which
 * concerns that connection. Any other exception left a synchronous change of memory half done: the process ends, and the
 * restart takes everything from the journal.
 */
export function watchStrayErrors({ onStray }: StraySource, { log, note, end }: StrayEnds): void {
  onStray(({ kind, error }) => {
    const fault = faultFrom(error, {
      operation: kind === 'rejection' ? 'A part of Lockstep' : 'A callback of Lockstep',
    })
    const isSurvived = kind === 'rejection' || isOfJournal(error) || isOfSocket(error)
    const { code, message } = fault
    log(JSON.stringify({ level: 'error', subject: 'process', kind, isSurvived, code, message, where: whereOf(error) }))
    if (isSurvived) note(fault)
    else end(fault)
  })
}

const isOfJournal = (error: unknown): boolean => error instanceof FaultError && error.fault.code.startsWith('JOURNAL_')

const socketCalls = new Set(['read', 'write', 'writev', 'shutdown', 'connect', 'accept'])

const isOfSocket = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && socketCalls.has(String(error.syscall))

/** File and line of the innermost place, without its directory: enough for a report, and no stack on anybody's screen. */
function whereOf(error: unknown): string | null {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return /([\w.-]+\.[cm]?[jt]s:\d+)/.exec(stack.slice(stack.indexOf('\n')))?.[1] ?? null
}

export const processStrays: StraySource = {
  onStray: (listener) => {
    process.on('unhandledRejection', (error) => listener({ kind: 'rejection', error }))
    process.on('uncaughtException', (error, origin) => {
      if (origin === 'uncaughtException') listener({ kind: 'exception', error })
    })
  },
}
