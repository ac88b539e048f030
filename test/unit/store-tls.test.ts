import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { FaultError } from '../../shared/model/fault.ts'
import { createStore } from '../../electron/engine/store/s3-store.ts'
import { loopbackCertificate } from '../support/loopback-certificate.ts'
import { bytesOf } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'

const ref = { bucket: 'b', key: 'k' }
const whole = bytesOf(3, 4 << 20)

async function tlsSite(tls: { readonly caFile?: string; readonly insecureSkipVerify: boolean }) {
  const server = createServer(loopbackCertificate, (request, response) => {
    request.resume()
    response.writeHead(200, { etag: '"e"', 'content-length': whole.length }).end(whole)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const store = createStore({
    site: { id: 's', name: 'S', endpoint: `https://127.0.0.1:${port}`, region: 'us-east-1', pathStyle: true, tls },
    keys: { accessKeyId: 'AKEY', secretAccessKey: 'secret' },
    sockets: 2,
  })
  onTestFinished(() => {
    store.close()
    server.closeAllConnections()
    server.close()
  })
  return store
}

test('a site with a certificate of its own CA is trusted by that CA alone', async () => {
  const dir = await makeTempDir('tls')
  const caFile = join(dir.path, 'ca.pem')
  await writeFile(caFile, loopbackCertificate.cert)
  const trusted = await tlsSite({ caFile, insecureSkipVerify: false })
  // Twice: the second body comes over the connection of the first.
  for (let time = 0; time < 2; time++) expect((await buffer((await trusted.get(ref))!.body)).equals(whole)).toBe(true)
  const unknown = await tlsSite({ insecureSkipVerify: false })
  const refused: unknown = await unknown.get(ref).catch((error: unknown) => error)
  expect(refused instanceof FaultError && refused.fault.code).toBe('TLS_FAILED')
  const careless = await tlsSite({ insecureSkipVerify: true })
  expect((await buffer((await careless.get(ref))!.body)).equals(whole)).toBe(true)
  await dir.remove()
})
