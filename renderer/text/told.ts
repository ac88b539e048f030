import type { ApiErrorData } from '../../shared/api/engine-api.ts'
import { faultKinds, type Fault } from '../../shared/model/fault.ts'

/** A refusal in the words of a screen: what happened, what exactly, and what to do. `raw` is for whoever reports it. */
export interface Told {
  readonly code: string
  readonly title: string
  readonly message: string
  readonly remedy: string
  readonly raw: string
}

export function tellFault(fault: Fault): Told {
  const { code, message, remedy } = fault
  return { code, title: titleOf(code), message, remedy, raw: JSON.stringify(fault, null, 2) }
}

/** The title of a code; the code itself when an engine newer than this console names one that it does not know. */
export function titleOf(code: string): string {
  return code in faultKinds ? faultKinds[code as keyof typeof faultKinds].title : code
}

/** Anything that a call threw. What carries no fault never reached the engine. */
export function tellError(error: unknown): Told {
  const fault = faultIn(error)
  if (fault !== null) return tellFault(fault)
  return {
    code: 'NO_ANSWER',
    title: 'The engine does not answer.',
    message: 'The request did not reach the engine, or no answer came back.',
    remedy: 'Wait a moment and try again. If it stays, restart Lockstep.',
    raw: error instanceof Error ? error.message : 'No more is known.',
  }
}

function faultIn(error: unknown): Fault | null {
  if (typeof error !== 'object' || error === null || !('data' in error)) return null
  const data = error.data as Partial<ApiErrorData> | null | undefined
  return data?.fault ?? null
}
