const CHUNK = 1024

interface Chunk {
  tasks: number
  /** Never later than the oldest change in the chunk. */
  changedAt: number
  /** The bound is the oldest change itself. */
  exact: boolean
}

/** `tasks` 0: the chunk is empty and leaves the journal. */
export interface ChunkRow {
  readonly chunk: number
  readonly tasks: number
  readonly changedAt: number
}

/**
 * The oldest change among the pending tasks of one link, without an index on it. Keeps a lower bound per 1024 seqs and
 * measures a chunk again only when its bound may be the answer.
 */
export class OldestPending {
  readonly #chunks = new Map<number, Chunk>()
  readonly #dirty = new Set<number>()

  /** Takes over a bound as the journal holds it. */
  restore(row: ChunkRow): void {
    this.#chunks.set(row.chunk, { tasks: row.tasks, changedAt: row.changedAt, exact: false })
  }

  add(seq: number, changedAt: number): void {
    const at = Math.floor(seq / CHUNK)
    const chunk = this.#chunks.get(at)
    if (chunk === undefined) this.#chunks.set(at, { tasks: 1, changedAt, exact: true })
    else {
      chunk.tasks++
      if (changedAt < chunk.changedAt) chunk.changedAt = changedAt
    }
    this.#dirty.add(at)
  }

  remove(seq: number, changedAt: number): void {
    const at = Math.floor(seq / CHUNK)
    const chunk = this.#chunks.get(at)
    if (chunk === undefined) return
    chunk.tasks--
    if (chunk.tasks === 0) this.#chunks.delete(at)
    else if (changedAt <= chunk.changedAt) chunk.exact = false
    this.#dirty.add(at)
  }

  /** `measure` gives the oldest pending change with a seq in the range, both ends included. */
  find(measure: (fromSeq: number, toSeq: number) => number | null): number | null {
    for (;;) {
      const lowest = this.#lowest()
      if (lowest === null) return null
      const [at, chunk] = lowest
      if (chunk.exact) return chunk.changedAt
      const measured = measure(at * CHUNK, at * CHUNK + CHUNK - 1)
      if (measured === null) this.#chunks.delete(at)
      else Object.assign(chunk, { changedAt: measured, exact: true })
    }
  }

  /** The chunks that changed since the last call, for the journal. */
  changed(): readonly ChunkRow[] {
    const rows = Array.from(this.#dirty, (chunk) => {
      const held = this.#chunks.get(chunk)
      return { chunk, tasks: held?.tasks ?? 0, changedAt: held?.changedAt ?? 0 }
    })
    this.#dirty.clear()
    return rows
  }

  #lowest(): readonly [number, Chunk] | null {
    let lowest: Chunk | null = null
    let lowestAt = 0
    this.#chunks.forEach((chunk, at) => {
      if (lowest !== null && lowest.changedAt <= chunk.changedAt) return
      lowest = chunk
      lowestAt = at
    })
    return lowest === null ? null : [lowestAt, lowest]
  }
}
