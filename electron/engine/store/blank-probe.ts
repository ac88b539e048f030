import { hasOddBlank, telltale, type BlankSpelling } from '../s3/signed-blanks.ts'
import type { HeaderPair } from '../s3/headers.ts'

/** The common ones first. */
const guesses: readonly BlankSpelling[] = ['words', 'first', 'spaces', 'blanks']

/** The codes of refusals that come after the signature was found right. */
const signedRight: ReadonlySet<string> = new Set(['AccessDenied', 'NoSuchBucket'])

/** What a site says to a request: its status, and the S3 error code of its answer, null for none. */
export interface SignedAnswer {
  readonly status: number
  readonly code: string | null
}

/** Asks for something small with the header, signed in one spelling. */
export type AskWithBlanks = (header: HeaderPair, spelling: BlankSpelling) => Promise<SignedAnswer>

/**
 * How a site reads the blanks in a signed header. It is asked before the first value is sent for which that matters: a wrong guess
 * would be answered as if the secret key were wrong, and a body would have been sent for nothing. Only an answer that shows the signature
 * to be right is remembered, until a request is refused for its signature.
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

  /** Hears what came of a request: a site that reads blanks in another way since is asked again. */
  heard({ code }: Pick<SignedAnswer, 'code'>): void {
    if (code === 'SignatureDoesNotMatch') this.#known = null
  }

  #forget(asked: Promise<BlankSpelling | null>): void {
    if (this.#known === asked) this.#known = null
  }
}

/** Null where no answer shows which is right: the keys may be wrong, or something else stands in the way. */
async function find(ask: AskWithBlanks): Promise<BlankSpelling | null> {
  for (const guess of guesses) {
    const { status, code } = await ask(['x-amz-meta-blanks', telltale], guess)
    if (status < 300 || (code !== null && signedRight.has(code))) return guess
    if (code !== 'SignatureDoesNotMatch') return null
  }
  return null
}
