import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { respond } from '../../electron/engine/gateway/respond.ts'

test('a file name in UTF-8 reaches the client in the bytes in which the site has it, in whatever order the site says it', async () => {
  const name = 'attachment; filename="Übersicht 💩.pdf"'
  const headers = { 'content-length': '1', 'content-disposition': Buffer.from(name).toString('latin1') }
  const answer = { status: 200, headers, bytes: Buffer.from('x'), stream: null }
  const server = createServer((request, response) => void respond(request, response, { answer })).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const address = server.address()
  const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1')
  const whole = buffer(socket)
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const text = (await whole).toString('utf8')
  expect(text).toContain(`content-disposition: ${name}\r\n`)
  expect(text).toMatch(/content-length: 1\r\n[^]*x$/)
})
