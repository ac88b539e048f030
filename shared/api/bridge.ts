import type { Fault } from '../model/fault.ts'
import type { LiveBatch } from './engine-api.ts'

/** How a call over the bridge is answered. A refusal is a value, because Electron's own IPC errors keep only the message. */
export type BridgeAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: { readonly message: string; readonly data: { readonly fault: Fault } } }

/**
 * What a listener of {@link Bridge.watch} hears: the batches of `live.watch` as they come, and `ended` when the engine
 * closed the subscription or could not open it. After `ended` nothing follows; the console watches anew.
 */
export type BridgeMessage =
  { readonly kind: 'batch'; readonly batch: LiveBatch } | { readonly kind: 'ended'; readonly fault: Fault | null }

/**
 * What the preload script puts on `window` under {@link bridgeName}: the API router over Electron's IPC. Values are
 * structured clones; instants are numbers, and nothing else needs a transformer.
 */
export interface Bridge {
  /** `path` is a procedure of the router, such as `failures.list`. Never rejects. */
  call(path: string, type: 'query' | 'mutation', input: unknown): Promise<BridgeAnswer>
  /** Subscribes to `live.watch`; several may watch at once. Returns the end of the subscription. */
  watch(listener: (message: BridgeMessage) => void): () => void
  /** Node's `process.platform`: decides between Ctrl and ⌘ in the console's words. */
  readonly platform: string
}

export const bridgeName = 'lockstep'
