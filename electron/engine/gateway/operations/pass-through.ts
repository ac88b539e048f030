import type { GatewayOperation } from '../context.ts'

/** What the gateway need not understand further: signed anew and sent on, streaming both ways. */
export const passThrough: GatewayOperation = async ({ siteId, upstream }, exchange) => {
  const body = await exchange.body.open()
  const answer = await upstream.send(exchange, { siteId, body, stream: true, signal: exchange.signal })
  return { answer }
}

/**
 * ListenNotification: the site's events as they come, without an end. So its key is looked at again before each piece, a sign
 * of life among them: one that was revoked or has expired hears nothing more. A transfer that began in time may end.
 */
export const listen: GatewayOperation = async (context, exchange) => {
  const reply = await passThrough(context, exchange)
  return { ...reply, stillAdmitted: exchange.stillAdmitted }
}
