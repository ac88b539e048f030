import type { S3ErrorCode } from '../s3/s3-error.ts'
import type { Routed, S3Operation } from '../s3/route.ts'

/** What goes wrong. All but `latency`, the three that are late or lost and the three for bodies keep the operation from being carried out. */
export type FaultAction =
  /** The answer comes later. Several latencies add up. */
  | { readonly kind: 'latency'; readonly delayMs: number }
  /** Accepts the request and stays silent. */
  | { readonly kind: 'hang' }
  /** Resets the connection instead of answering. */
  | { readonly kind: 'reset' }
  /** Carries the operation out, then resets the connection: the client cannot know. */
  | { readonly kind: 'lose-answer' }
  /** Carries the operation out, and answers that much later. */
  | { readonly kind: 'late-answer'; readonly delayMs: number }
  /** Resets the connection when the request is whole, and carries the operation out that much later, or when it is told to. */
  | { readonly kind: 'late-write'; readonly delayMs: number }
  | { readonly kind: 'late-write'; readonly when: Promise<unknown> }
  | { readonly kind: 'slow-down'; readonly retryAfterSeconds?: number }
  | { readonly kind: 'server-error'; readonly status?: number }
  | { readonly kind: 'deny' }
  /** Any other refusal of S3. */
  | { readonly kind: 'refuse'; readonly code: S3ErrorCode; readonly message?: string }
  /** No space left. */
  | { readonly kind: 'full' }
  /** Ends the connection in the middle of the answer's body. */
  | { readonly kind: 'cut-body'; readonly afterBytes: number }
  /** Stops sending in the middle of the answer's body and keeps the connection. */
  | { readonly kind: 'stall-body'; readonly afterBytes: number }
  /** Inverts one bit of the answer's body. */
  | { readonly kind: 'flip-byte'; readonly at: number }

/** When, and what. Everything left out matches everything. */
export interface FaultRule {
  readonly on?: S3Operation | readonly S3Operation[]
  readonly method?: string
  readonly bucket?: string
  readonly key?: string | RegExp
  readonly versionId?: string
  /** Lets this many matching requests pass first. */
  readonly after?: number
  /** Goes away after this many hits; without it the fault stays until it is removed. */
  readonly times?: number
  readonly do: FaultAction
}

export interface ActiveFault {
  /** Requests that met it. */
  readonly hits: number
  remove(): void
}

/** The site's connection to the network. */
export interface NetworkPlug {
  pull(): Promise<void>
  insert(): Promise<void>
}

interface SwitchedFault {
  readonly rule: FaultRule
  seen: number
  hits: number
}

/** Breaks a running site, and mends it. Everything takes effect with the next request. */
export class FaultSwitch {
  readonly #plug: NetworkPlug
  readonly #entries = new Set<SwitchedFault>()
  #skewMs = 0

  constructor(plug: NetworkPlug) {
    this.#plug = plug
  }

  add(rule: FaultRule): ActiveFault {
    const entry: SwitchedFault = { rule, seen: 0, hits: 0 }
    this.#entries.add(entry)
    return {
      get hits() {
        return entry.hits
      },
      remove: () => void this.#entries.delete(entry),
    }
  }

  /** Removes every fault and sets the clock right. A site that is offline stays offline. */
  clear(): void {
    this.#entries.clear()
    this.#skewMs = 0
  }

  /** Refuses connections and resets those that are open. */
  goOffline(): Promise<void> {
    return this.#plug.pull()
  }

  /** Accepts connections again, on the same port. */
  goOnline(): Promise<void> {
    return this.#plug.insert()
  }

  /** Sets the site's clock ahead (or, negative, behind) of the one it was given. */
  skewClock(skewMs: number): void {
    this.#skewMs = skewMs
  }

  get clockSkewMs(): number {
    return this.#skewMs
  }

  /** What this request meets: all latencies, and at most one other fault, the oldest. For the server. */
  meet(call: Routed): { readonly delayMs: number; readonly action: FaultAction | null } {
    let delayMs = 0
    let action: FaultAction | null = null
    for (const entry of this.#entries) {
      const isLatency = entry.rule.do.kind === 'latency'
      if ((!isLatency && action !== null) || !matches(entry.rule, call)) continue
      entry.seen += 1
      if (entry.seen <= (entry.rule.after ?? 0)) continue
      entry.hits += 1
      if (entry.hits === entry.rule.times) this.#entries.delete(entry)
      if (entry.rule.do.kind === 'latency') delayMs += entry.rule.do.delayMs
      else action = entry.rule.do
    }
    return { delayMs, action }
  }
}

function matches(rule: FaultRule, call: Routed): boolean {
  const operations = typeof rule.on === 'string' ? [rule.on] : rule.on
  return (
    (operations === undefined || operations.includes(call.operation)) &&
    (rule.method === undefined || rule.method === call.method) &&
    (rule.bucket === undefined || rule.bucket === call.bucket) &&
    (rule.versionId === undefined || rule.versionId === call.query.get('versionId')) &&
    (rule.key === undefined || (typeof rule.key === 'string' ? rule.key === call.key : rule.key.test(call.key)))
  )
}
