import { faultKinds, FaultError, type Fault, type FaultCode } from '../../../../shared/model/fault.ts'

/** What one question gave: an answer, or why there is none. */
export type FactAnswer<T> = { readonly value: T; readonly why: null } | { readonly value: null; readonly why: string }

/** Thrown where what was seen allows of no answer; `message` is a sentence for people. */
export class Undecided extends Error {}

/** These concern the site or the whole probe: what one fact is cannot be told from them, and the next would meet the same. */
const endsAll: ReadonlySet<FaultCode> = new Set([
  'CANCELLED',
  'INTERNAL',
  'SLOW_DOWN',
  'ACCESS_KEY_UNKNOWN',
  'SIGNATURE_REJECTED',
  'CLOCK_SKEW',
  'REGION_WRONG',
  'BUCKET_ELSEWHERE',
  'BUCKET_MISSING',
])

/** Finds one thing out. What keeps it from being found makes it unknown; what concerns the whole site is thrown. */
export async function answer<T>(ask: () => Promise<T>): Promise<FactAnswer<T>> {
  try {
    return { value: await ask(), why: null }
  } catch (error) {
    if (error instanceof Undecided) return { value: null, why: error.message }
    if (!(error instanceof FaultError) || endsAll.has(error.fault.code) || faultKinds[error.fault.code].ofSite)
      throw error
    return { value: null, why: whyUnknown(error.fault) }
  }
}

/** Why a refused question has no answer. */
const whyUnknown = ({ code, message, remedy }: Fault): string =>
  code === 'ACCESS_DENIED' ? `The key may not do what it takes to see this. ${remedy ?? ''}`.trimEnd() : message

/** Refusals of what was asked, by which a site says that it does not do it. */
const refusals: ReadonlySet<FaultCode> = new Set([
  'REQUEST_REFUSED',
  'NOT_SUPPORTED',
  'KEY_NOT_ALLOWED',
  'TAG_REFUSED',
  'TAGS_OVER_LIMIT',
  'METADATA_OVER_LIMIT',
  'CONTENT_MISMATCH',
  'CONFLICT',
])

/** What `act` resolves with; null where the site says that it does not do it. A right that is missing is thrown. */
export async function unlessRefused<T>(act: () => Promise<T>): Promise<T | null> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof FaultError && refusals.has(error.fault.code)) return null
    throw error
  }
}
