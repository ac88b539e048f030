import type { QueryClient } from '@tanstack/react-query'
import type { LiveBatch, LiveTopic } from '../shared/api/engine-api.ts'
import { keysOfTopic, type Queries } from './queries.ts'
import type { Client } from './transport.ts'
import { tellError } from './text/told.ts'

/**
 * How fresh the screen is. `asOf` is the instant of the last word from the engine; null before the first. `signed-out`: an engine
 * answers, and does not know this page.
 */
export interface LiveState {
  readonly kind: 'connecting' | 'live' | 'lost' | 'signed-out'
  readonly asOf: number | null
  /** With `lost` and `signed-out`: tries so far. */
  readonly attempts: number
}

export interface Live {
  readonly state: () => LiveState
  readonly subscribe: (listener: () => void) => () => void
  /** Tries at once instead of waiting for the next turn. */
  readonly retryNow: () => void
  readonly stop: () => void
}

export interface Clock {
  now(): number
  setTimeout(run: () => void, delayMs: number): number
  clearTimeout(id: number): void
}

const firstDelayMs = 1000
const longestDelayMs = 10_000
/** Without a batch for this long the engine is asked whether it is there: a half-open connection tells nothing. */
const silenceMs = 10_000
/** A busy engine announces four times a second; a list is asked for again at most this often. */
const refreshEveryMs = 1000

/** The screen shows what was, not what is. */
export const isStale = ({ kind }: LiveState): boolean => kind === 'lost' || kind === 'signed-out'

export function retryDelay(attempts: number): number {
  return Math.min(firstDelayMs * 2 ** Math.max(0, attempts - 1), longestDelayMs)
}

/** True when batches between the two are missing, so that announcements may have been lost. */
export function hasGap(lastSeq: number | null, seq: number): boolean {
  return lastSeq === null || seq !== lastSeq + 1
}

/** Keeps the caches fresh by the engine's one stream of batches, and knows when they are not. */
export function startLive(client: Client, queryClient: QueryClient, queries: Queries, clock: Clock): Live {
  let current: LiveState = { kind: 'connecting', asOf: null, attempts: 0 }
  let lastSeq: number | null = null
  let connection: { unsubscribe(): void } | null = null
  let turn: number | null = null
  let silence: number | null = null
  let stopped = false
  const listeners = new Set<() => void>()
  const refresh = throttledRefresh(queryClient, clock)

  const tell = (next: Partial<LiveState>) => {
    current = { ...current, ...next }
    for (const listener of listeners) listener()
  }
  const hear = (batch: LiveBatch) => {
    queryClient.setQueryData(queries.overview.queryKey, batch.overview)
    queryClient.setQueryData(queries.transfers.queryKey, batch.transfers)
    if (hasGap(lastSeq, batch.seq) && lastSeq !== null) void queryClient.invalidateQueries()
    else refresh(batch.topics)
    lastSeq = batch.seq
    tell({ kind: 'live', asOf: batch.at, attempts: 0 })
    listenForSilence()
  }
  const lose = () => {
    if (stopped) return
    connection?.unsubscribe()
    connection = null
    clear(silence)
    clear(turn)
    // Whatever was announced meanwhile is lost: number −2 makes the next batch a gap, whatever number it has.
    lastSeq = lastSeq === null ? null : -2
    const attempts = current.attempts + 1
    tell({ kind: current.kind === 'signed-out' ? 'signed-out' : 'lost', attempts })
    void askWhy()
    turn = clock.setTimeout(open, retryDelay(attempts))
  }
  /** A stream that breaks says nothing of the cause: a question does. */
  const askWhy = async () => {
    const answer = await client.overview.get.query().then(
      () => 'lost' as const,
      (error: unknown) => (tellError(error).code === 'SESSION_UNKNOWN' ? ('signed-out' as const) : ('lost' as const)),
    )
    if (current.kind !== 'live' && current.kind !== 'connecting' && !stopped) tell({ kind: answer })
  }
  const listenForSilence = () => {
    clear(silence)
    silence = clock.setTimeout(() => {
      client.overview.get.query().then((overview) => {
        queryClient.setQueryData(queries.overview.queryKey, overview)
        tell({ kind: 'live', asOf: overview.asOf })
        listenForSilence()
      }, lose)
    }, silenceMs)
  }
  const open = () => {
    clear(turn)
    connection?.unsubscribe()
    let heard = false
    let mine: { unsubscribe(): void } | null = null
    const unlessReplaced = (act: () => void) => () => {
      if (mine === null || mine === connection) act()
    }
    mine = client.live.watch.subscribe(undefined, {
      onData: (batch) => {
        heard = true
        hear(batch)
      },
      onError: unlessReplaced(lose),
      onComplete: unlessReplaced(lose),
      onConnectionStateChange: (state) => {
        // EventSource tries again by itself, silently; one drop is enough to say so and to take over its retrying.
        if (heard && state.state === 'connecting') unlessReplaced(lose)()
        else if (!heard && state.state === 'connecting' && state.error !== null) unlessReplaced(lose)()
      },
    })
    connection = mine
  }
  const clear = (id: number | null) => {
    if (id !== null) clock.clearTimeout(id)
  }

  open()
  return {
    state: () => current,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    retryNow: open,
    stop: () => {
      stopped = true
      clear(turn)
      clear(silence)
      connection?.unsubscribe()
    },
  }
}

/** Refreshes the lists of the topics at once, and then at most once a second, with all that came meanwhile. */
function throttledRefresh(queryClient: QueryClient, clock: Clock): (topics: readonly LiveTopic[]) => void {
  const waiting = new Set<LiveTopic>()
  let resting = false
  const flush = () => {
    const keys = new Set([...waiting].flatMap((topic) => keysOfTopic[topic]))
    resting = keys.size > 0
    waiting.clear()
    for (const key of keys) void queryClient.invalidateQueries({ queryKey: [key] })
    if (resting) clock.setTimeout(flush, refreshEveryMs)
  }
  return (topics) => {
    for (const topic of topics) waiting.add(topic)
    if (!resting) flush()
  }
}
