import { expect, onTestFinished, test } from 'vitest'
import type { Change } from '../../electron/engine/feed/port.ts'
import { startWebhook, type WebhookOptions } from '../../electron/engine/feed/webhook.ts'

const notification = (key: string): string =>
  JSON.stringify({
    Records: [
      { eventSource: 'ceph:s3', eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'b' }, object: { key } } },
    ],
  })

async function open(more: Partial<WebhookOptions> = {}) {
  const got: Change[] = []
  const gaps: string[] = []
  const webhook = await startWebhook({
    listen: '127.0.0.1:0',
    token: { text: () => 'secret', admits: (given) => given === 'secret', renew: () => Promise.resolve() },
    publicUrl: null,
    knowsSite: (siteId) => siteId === 'a',
    intake: { offer: (changes) => Promise.resolve(void got.push(...changes)) },
    now: () => 77,
    onGap: (siteId) => void gaps.push(siteId),
    ...more,
  })
  onTestFinished(() => webhook.stop())
  const post = async (url: string, body: string) => (await fetch(url, { method: 'POST', body })).status
  return { webhook, got, gaps, post }
}

test('a notification is answered with 200 after its changes are durable, with 503 when they are not', async () => {
  const order: string[] = []
  let fails = false
  const offer = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    if (fails) throw new Error('disk full')
    order.push('durable')
  }
  const { webhook, post } = await open({ intake: { offer } })
  order.push(String(await post(webhook.urlFor('a'), notification('k'))))
  fails = true
  order.push(String(await post(webhook.urlFor('a'), notification('k'))))
  expect(order).toEqual(['durable', '200', '503'])
  expect([webhook.view('a', 'b').lastEventAt, webhook.view('a', 'other').lastEventAt]).toEqual([77, null])
})

test('only the secret path of a known site is answered', async () => {
  const { webhook, got, post } = await open()
  const base = webhook.url().replace('secret', '')
  const statuses = await Promise.all([
    post(`${base}wrong/a`, notification('k')),
    post(`${base}secret/unknown`, notification('k')),
    post(`${base}secret`, notification('k')),
    post(`${base}secret/a/more`, notification('k')),
    fetch(webhook.urlFor('a'), { method: 'DELETE' }).then((answer) => answer.status),
    fetch(webhook.urlFor('a'), { method: 'HEAD' }).then((answer) => answer.status),
  ])
  expect({ statuses, got }).toEqual({ statuses: [404, 404, 404, 404, 405, 200], got: [] })
})

test('what is too long or no JSON is refused, what is empty or a test is not, what is odd calls for a scan', async () => {
  const { webhook, got, gaps, post } = await open()
  const url = webhook.urlFor('a')
  const long = await fetch(url, {
    method: 'POST',
    body: new Blob([new Uint8Array(4 * 1024 * 1024 + 1)]).stream(),
    duplex: 'half',
  } as RequestInit)
  const statuses = [
    long.status,
    await post(url, '{'),
    await post(url, ''),
    await post(url, '{"Event":"s3:TestEvent"}'),
    await post(url, '{"Records":[7]}'),
  ]
  expect({ statuses, got, gaps }).toEqual({ statuses: [413, 400, 200, 200, 200], got: [], gaps: ['a'] })
})

test('sites are given the public address where there is one', async () => {
  const { webhook } = await open({ publicUrl: 'https://console.example.org/hooks/' })
  expect(webhook.urlFor('a')).toBe('https://console.example.org/hooks/events/secret/a')
})

test('an address that is taken is a fault in plain words', async () => {
  const { webhook } = await open()
  const listen = new URL(webhook.url()).host
  await expect(open({ listen })).rejects.toThrow(
    /CANNOT_LISTEN: The receiver of notifications cannot start: Another program listens on 127\.0\.0\.1/,
  )
})
