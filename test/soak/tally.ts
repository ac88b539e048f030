/**
 * The words of the API that are held against the sites, and what each of them claims. What is checked of a word is the
 * weakest reading that an operator could act on: a lie here is a lie under every reading.
 */
export const words = {
  acknowledged:
    'A change that the gateway answered with success is at as many targets as the policy says, in its place, when the answer arrives; fewer only while the rule says that it is degraded.',
  settled:
    '`wait --settled` answered yes: whatever was answered to clients before the question is at the target, versions, order and all.',
  'in step':
    'The badge of a link: whatever was answered before its last finished scan began, and was not changed since, is at the target, versions, order and all.',
  attributes:
    'Tags and locks last looked at: of a link in step, whatever was changed before that round began is at the target.',
  held: 'A link is held for a site that does not answer: never said while that site answers, and nothing calm is said while it does not.',
  pending:
    'Nothing pending and nothing parked after a scan that began when the source stood still: nothing is missing. Otherwise at least as many are counted as keys differ.',
  failure:
    'A row of the failure list is not at the target, as far as anybody could find out: no row stays after its next attempt was due and both sides are equal.',
  equal: 'The verdict of `compare` on a source that stands still: equal when the independent comparer finds nothing.',
  different: 'The same verdict: different only when the independent comparer finds a difference too.',
  online: 'The site answered lately: never said of a site that nobody has reached for a while.',
  offline: 'The site did not answer lately: never said of a site that everybody has reached for a while.',
} as const
export type Word = keyof typeof words

export interface Count {
  /** How often the word was held against the sites. */
  readonly checks: number
  /** Keys, versions or rows that were looked at for it. */
  readonly looked: number
  readonly lies: number
  /** Times that it could not be asked or answered: the engine or a site was away. */
  readonly unasked: number
}

/** Counts what was checked and keeps each lie with its evidence. */
export class Tally {
  readonly #counts = new Map<Word, { checks: number; looked: number; lies: number; unasked: number }>()
  readonly lies: string[] = []
  readonly reasons = new Map<string, number>()
  readonly #tell: (line: string) => void

  constructor(tell: (line: string) => void) {
    this.#tell = tell
    for (const word of Object.keys(words) as Word[])
      this.#counts.set(word, { checks: 0, looked: 0, lies: 0, unasked: 0 })
  }

  /** It was looked at, and is true of so many things. */
  held(word: Word, looked = 1): void {
    const count = this.#counts.get(word)!
    count.checks += 1
    count.looked += looked
  }

  lie(word: Word, evidence: string): void {
    this.#counts.get(word)!.lies += 1
    const line = `${new Date().toISOString()} “${word}” was not true: ${evidence}`
    this.lies.push(line)
    this.#tell(line)
  }

  unasked(word: Word, reason: string): void {
    this.#counts.get(word)!.unasked += 1
    const line = `${word}: ${reason.slice(0, 160)}`
    this.reasons.set(line, (this.reasons.get(line) ?? 0) + 1)
  }

  count(word: Word): Count {
    return { ...this.#counts.get(word)! }
  }
}
