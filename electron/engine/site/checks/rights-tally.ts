import { FaultError } from '../../../../shared/model/fault.ts'
import { failed, place, warning, type Finding, type Side } from './check.ts'
import { listed } from './words.ts'

/** Collects which rights are missing, in the words that policies use for them. */
export class RightsTally {
  readonly #missing = new Set<string>()
  readonly #unsupported = new Set<string>()

  /** Tries `ask`, which needs the right `action`. False when it is refused for want of it, or not known to the site. */
  async allows(action: string, ask: () => Promise<unknown>): Promise<boolean> {
    try {
      await ask()
      return true
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      const { code } = error.fault
      if (code !== 'ACCESS_DENIED' && code !== 'NOT_SUPPORTED') throw error
      if (code === 'ACCESS_DENIED') this.miss(action)
      else this.#unsupported.add(action)
      return false
    }
  }

  miss(action: string): void {
    this.#missing.add(action)
  }

  /** null when every right is there. */
  verdict(side: Side): Finding | null {
    if (this.#missing.size > 0) {
      const rights = listed([...this.#missing])
      return failed('ACCESS_DENIED', `The key lacks ${rights} on ${place(side)}.`, side)
    }
    if (this.#unsupported.size > 0)
      return warning(
        `The site does not know ${listed([...this.#unsupported])}: what needs it will be listed as failed.`,
      )
    return null
  }
}
