import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from '@trpc/client'
import type { TRPCClient, TRPCLink } from '@trpc/client'
import { observable } from '@trpc/server/observable'
import type { Bridge, BridgeAnswer } from '../shared/api/bridge.ts'
import type { Router } from '../shared/api/router.ts'

export type Client = TRPCClient<Router>

/**
 * Speaks to the engine over the bridge where a preload script put one, else over loopback HTTP on the page's own
 * origin, where the host's cookie is the key.
 */
export function connect(bridge: Bridge | null): Client {
  return createTRPCClient<Router>({ links: bridge === null ? httpLinks() : [bridgeLink(bridge)] })
}

function httpLinks(): TRPCLink<Router>[] {
  const url = '/api'
  return [
    splitLink({
      condition: (op) => op.type === 'subscription',
      true: httpSubscriptionLink({ url }),
      false: httpBatchLink({ url, maxURLLength: 8000 }),
    }),
  ]
}

/** A tRPC link over Electron's IPC; the bridge offers one subscription, `live.watch`. */
function bridgeLink(bridge: Bridge): TRPCLink<Router> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        if (op.type === 'subscription') {
          return bridge.watch((message) => {
            if (message.kind === 'batch') observer.next({ result: { type: 'data', data: message.batch } })
            else if (message.fault === null) observer.complete()
            else observer.error(refusal({ message: message.fault.message, data: { fault: message.fault } }))
          })
        }
        void bridge.call(op.path, op.type, op.input).then((answer) => {
          if (!answer.ok) return observer.error(refusal(answer.error))
          observer.next({ result: { type: 'data', data: answer.value } })
          observer.complete()
        })
        return undefined
      })
}

type BridgeRefusal = Extract<BridgeAnswer, { ok: false }>['error']

/** The shape that the HTTP links give a refusal too, so that screens find the fault at one place. */
function refusal({ message, data }: BridgeRefusal): TRPCClientError<Router> {
  const shape = {
    code: -32603 as const,
    message,
    data: { ...data, code: 'INTERNAL_SERVER_ERROR' as const, httpStatus: 500 },
  }
  return TRPCClientError.from<Router>({ error: shape as never })
}
