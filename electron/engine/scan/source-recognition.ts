import { sameContent } from '../replicate/versions/align.ts'
import type { VersionEntry } from '../store/port.ts'
import type { GoneTask } from './gone-tasks.ts'
import type { KeyView } from './key-view.ts'

/** What is held back beyond this is dropped: the next scan finds it again. */
const heldAtMost = 20_000

/**
 * Is this the bucket that the replicas came from? A server that was set up anew, or a bucket that came back empty, has none of
 * them, and says of each, truly, that it is not there. So a scan concludes that versions are gone only when it has met one
 * that is still there, under the id that the target's replica is known by. Until then it holds back what is gone.
 */
export class Recognition {
  readonly #isDoubted: boolean
  #met: boolean
  #held: GoneTask[] = []

  /**
   * `unquestioned`: whatever is not there is gone. `doubted`: an earlier scan met none, and nobody said that this is right;
   * what was copied since proves nothing.
   */
  constructor(trust: 'unquestioned' | 'to-be-seen' | 'doubted') {
    this.#met = trust === 'unquestioned'
    this.#isDoubted = trust === 'doubted'
  }

  see(view: Pick<KeyView, 'source' | 'target' | 'pairs'>): void {
    this.#met ||= view.source.some((ours) => view.target.some((theirs) => isKnown(ours, theirs, view)))
  }

  /** Those of them that may be concluded now. */
  admit(gone: readonly GoneTask[]): readonly GoneTask[] {
    if (this.#isOpen) return gone
    for (const one of gone) if (this.#held.length < heldAtMost) this.#held.push(one)
    return []
  }

  /** What was held back and may be concluded by now. */
  release(): readonly GoneTask[] {
    return this.#isOpen ? this.#held.splice(0) : []
  }

  /** Something is held back. */
  get holds(): boolean {
    return this.#held.length > 0
  }

  get #isOpen(): boolean {
    return this.#met && !this.#isDoubted
  }
}

/** The `null` version has no id to be known by: there, the content has to do. */
function isKnown(ours: VersionEntry, theirs: VersionEntry, { pairs }: Pick<KeyView, 'pairs'>): boolean {
  const isOne =
    ours.versionId === theirs.versionId ||
    pairs.some((pair) => pair.sourceVersionId === ours.versionId && pair.targetVersionId === theirs.versionId)
  return isOne && (ours.versionId !== 'null' || sameContent(ours, theirs))
}
