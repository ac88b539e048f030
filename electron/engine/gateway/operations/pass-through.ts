import type { GatewayOperation } from '../context.ts'

/** What the gateway need not understand further: signed anew and sent on, streaming both ways. */
export const passThrough: GatewayOperation = async ({ siteId, upstream }, exchange) => {
  const body = await exchange.body.open()
  const answer = await upstream.send(exchange, { siteId, body, stream: true, signal: exchange.signal })
  return { answer }
}
