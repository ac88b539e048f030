import type { Config } from '../../../shared/model/config.ts'
import { hideToken, openWebhookToken, type TokenPlaces } from './webhook-token.ts'
import { startWebhook, type Webhook, type WebhookOptions } from './webhook.ts'

/** The receiver as the settings want it, or null. Its token outlives restarts: the sites were told the URL once. */
export async function openWebhook(
  { listen, publicUrl }: Config['notifications'],
  places: TokenPlaces,
  more: Omit<WebhookOptions, 'listen' | 'token' | 'publicUrl'>,
): Promise<Webhook | null> {
  if (listen !== null) return startWebhook({ ...more, listen, publicUrl, token: await openWebhookToken(places) })
  await hideToken(places)
  return null
}
