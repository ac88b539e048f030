import { FaultError, fault } from '../../../shared/model/fault.ts'
import type { Clock } from '../base/clock.ts'

/** Runs `ask` with a signal that ends with `signal`, and with a RESPONSE_TIMEOUT fault after `limitMs`. */
export async function withTimeLimit<T>(
  clock: Pick<Clock, 'after'>,
  limitMs: number,
  signal: AbortSignal | null,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const callOff = clock.after(limitMs, () => {
    limit.abort(new FaultError(fault('RESPONSE_TIMEOUT', `No answer within ${limitMs / 1000} s.`)))
  })
  try {
    return await ask(signal === null ? limit.signal : AbortSignal.any([signal, limit.signal]))
  } finally {
    callOff()
  }
}
