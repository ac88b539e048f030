/** What the load knows of one key: enough to say since when nobody has touched it. */
interface KeyRecord {
  underWay: number
  lastBegunAt: number
  lastEndedAt: number
  /** A request without an answer may still be carried out until then, epoch ms. */
  doubtUntil: number
}

/** One change under way. */
export interface Act {
  /** The site, or the gateway, answered: done, or surely not done. */
  answered(): void
  /** No answer that says so: it may have been done, or be done later. */
  unanswered(): void
}

/** Longer than a gateway, a site and their time limits together keep a request whose client has gone. */
const doubtMs = 90_000

/**
 * The load's own record of what it asked for and heard, by bucket and key. It is the clients' memory: nothing of it comes
 * from the engine.
 */
export class Ledger {
  readonly #keys = new Map<string, KeyRecord>()
  readonly #now: () => number
  answeredCount = 0
  unansweredCount = 0

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  begin(bucket: string, key: string): Act {
    const name = `${bucket}/${key}`
    const record = this.#keys.get(name) ?? { underWay: 0, lastBegunAt: 0, lastEndedAt: 0, doubtUntil: 0 }
    this.#keys.set(name, record)
    record.underWay += 1
    record.lastBegunAt = this.#now()
    const end = (): void => {
      record.underWay -= 1
      record.lastEndedAt = this.#now()
    }
    return {
      answered: () => {
        this.answeredCount += 1
        end()
      },
      unanswered: () => {
        this.unansweredCount += 1
        end()
        record.doubtUntil = record.lastEndedAt + doubtMs
      },
    }
  }

  /** Everything that was asked of the key was answered before `since`, and nothing was asked from then until now. */
  isQuietSince(bucket: string, key: string, since: number): boolean {
    const record = this.#keys.get(`${bucket}/${key}`)
    if (record === undefined) return true
    return record.underWay === 0 && record.lastEndedAt < since && record.doubtUntil < since
  }

  /** Nothing that was asked of the key lately is without an answer. */
  isCertain(bucket: string, key: string): boolean {
    const record = this.#keys.get(`${bucket}/${key}`)
    return record === undefined || record.doubtUntil < this.#now()
  }
}
