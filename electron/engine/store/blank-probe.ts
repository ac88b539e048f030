import { hasOddBlank, telltale, type BlankSpelling } from '../s3/signed-blanks.ts'
import type { HeaderPair } from '../s3/headers.ts'

/** The common ones first. */
const guesses: readonly BlankSpelling[] = ['words', 'first', 'spaces', 'blanks']

/** Asks for something small with the header, signed in one spelling; resolves with the S3 error code of the answer, null for none. */
export type AskWithBlanks = (header: HeaderPair, spelling: BlankSpelling) => Promise<string | null>

/**
 * How a site reads the blanks in a signed header. It is asked once, before the first value is sent for which that matters: a wrong guess
 * would be answered as if the secret key were wrong, and a body would have been sent for nothing.
 */
export class BlankProbe {
  #known: Promise<BlankSpelling | null> | null = null

  /** What suits all of the headers. Throws the fault that kept the site from being asked. */
  async spelling(headers: readonly HeaderPair[], ask: AskWithBlanks): Promise<BlankSpelling> {
    if (!headers.some(([, value]) => hasOddBlank(value))) return 'blanks'
    const asked = (this.#known ??= find(ask))
    const found = await asked.catch((error: unknown) => {
      this.#forget(asked)
      throw error
    })
    if (found === null) this.#forget(asked)
    return found ?? 'blanks'
  }

  #forget(asked: Promise<BlankSpelling | null>): void {
    if (this.#known === asked) this.#known = null
  }
}

/** Null where each was refused: then the keys are. */
async function find(ask: AskWithBlanks): Promise<BlankSpelling | null> {
  for (const guess of guesses)
    if ((await ask(['x-amz-meta-blanks', telltale], guess)) !== 'SignatureDoesNotMatch') return guess
  return null
}
