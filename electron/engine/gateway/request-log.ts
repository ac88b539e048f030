import type { GatewayRequest, GatewayView } from '../../../shared/model/gateway.ts'

const kept = 500

/** The last requests of clients, and how many there were. */
export class RequestLog {
  readonly #ring: GatewayRequest[] = []
  #next = 0
  #lastId = 0
  #counts = { requests: 0, refused: 0, failed: 0, readBytes: 0, writtenBytes: 0 }

  get counts(): GatewayView['counts'] {
    return { ...this.#counts }
  }

  add(request: Omit<GatewayRequest, 'id'>, bytes: { readonly read: number; readonly written: number }): void {
    this.#ring[this.#next] = { ...request, id: ++this.#lastId }
    this.#next = (this.#next + 1) % kept
    this.#counts.requests += 1
    if (request.status >= 500) this.#counts.failed += 1
    else if (request.status >= 400) this.#counts.refused += 1
    this.#counts.readBytes += bytes.read
    this.#counts.writtenBytes += bytes.written
  }

  /** Newest first. */
  list(limit: number, failedOnly: boolean): readonly GatewayRequest[] {
    const newest = this.#ring.toSorted((a, b) => b.id - a.id)
    return newest
      .filter(({ code, status }) => !failedOnly || code !== null || status >= 400 || status === 0)
      .slice(0, limit)
  }
}
