import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Config } from '../../../shared/model/config.ts'
import type { Journal } from '../journal/port.ts'
import { startWebhook, type Webhook, type WebhookOptions } from './webhook.ts'

const tokenName = 'webhook-token'

/** The receiver as the settings want it, or null. Its token outlives restarts: the sites were told the URL once. */
export async function openWebhook(
  { listen, publicUrl }: Config['notifications'],
  journal: Pick<Journal, 'read' | 'write'>,
  more: Omit<WebhookOptions, 'listen' | 'token' | 'publicUrl'>,
): Promise<Webhook | null> {
  if (listen === null) return null
  const token = z.string().nullable().parse(journal.read(tokenName)) ?? randomBytes(24).toString('base64url')
  await journal.write(tokenName, token)
  return startWebhook({ ...more, listen, publicUrl, token })
}
