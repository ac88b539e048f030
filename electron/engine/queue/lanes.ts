import type { Lane } from '../../../shared/model/task.ts'
import { largeBytes, type TaskRow } from '../journal/port/tasks.ts'

export const lanes: readonly Lane[] = ['small', 'large', 'mrf']

export function laneOf(task: Pick<TaskRow, 'attempts' | 'sizeBytes'>): Lane {
  if (task.attempts > 0) return 'mrf'
  return (task.sizeBytes ?? 0) >= largeBytes ? 'large' : 'small'
}

/** First in, first out; taking is cheap however many wait. */
class Fifo<T> {
  #entries: T[] = []
  #head = 0

  push(entry: T): void {
    this.#entries.push(entry)
  }

  peek(): T | undefined {
    return this.#entries[this.#head]
  }

  shift(): void {
    this.#head++
    if (this.#head * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#head)
    this.#head = 0
  }
}

/** What may be leased in one lane of a link. Those that came back go before those that are new. */
export class LaneQueue<T extends { readonly gone: boolean }> {
  readonly #back = new Fifo<T>()
  readonly #fresh = new Fifo<T>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(entry: T, place: 'back' | 'new'): void {
    ;(place === 'back' ? this.#back : this.#fresh).push(entry)
    this.#size++
  }

  /** An entry marked `gone` is passed over; whoever marks it says so here. */
  lost(): void {
    this.#size--
  }

  peek(): T | undefined {
    return clean(this.#back) ?? clean(this.#fresh)
  }

  shift(): T | undefined {
    const from = clean(this.#back) === undefined ? this.#fresh : this.#back
    const entry = clean(from)
    if (entry === undefined) return undefined
    from.shift()
    this.#size--
    return entry
  }
}

function clean<T extends { readonly gone: boolean }>(fifo: Fifo<T>): T | undefined {
  while (fifo.peek()?.gone === true) fifo.shift()
  return fifo.peek()
}
