import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { respond, respondError } from '../../electron/engine/gateway/respond.ts'

/** The answer as its bytes, latin1. `headers` in the order of the site. */
async function sent(headers: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const answer = { status: 200, headers, bytes: Buffer.from('x'), stream: null }
    respond(request, response, { answer }).catch((error: unknown) => respondError(error, request, response, 'id'))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  let text = ''
  for await (const bytes of socket) text += Buffer.from(bytes).toString('latin1')
  return text
}

test('a refusal in the place of a head that could not be written says its own status', async () => {
  const text = await sent({ 'content-length': '1', 'x-amz-meta-bad': 'a\u0001b' })
  expect(text.split('\r\n', 1)).toEqual(['HTTP/1.1 500 Internal Server Error'])
})
