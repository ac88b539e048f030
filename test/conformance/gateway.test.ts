import { join } from 'node:path'
import { configSchema } from '../../shared/model/config.ts'
import { memoryCredentials } from '../../electron/secrets/memory-credentials.ts'
import { startEngine } from '../../electron/engine/engine.ts'
import { clientKey, gatewayConfig, gatewayUrl } from '../support/gateway.ts'
import type { SiteAccess } from '../support/s3-site.ts'
import { startSandbox } from '../support/sandbox.ts'
import { makeTempDir } from '../support/temp.ts'
import { clientPromises } from './promises/all.ts'
import { listenPromises } from './promises/change-stream.ts'
import { holdToPromises } from './site-promise.ts'

/** A gateway in front of a sandbox site: what holds there must hold through it. */
async function sandboxBehindGateway(
  identity: 'mints' | 'adopts-minio',
): Promise<SiteAccess & { readonly stop: () => Promise<void> }> {
  const temp = await makeTempDir('gateway')
  const site = await startSandbox({ identity })
  const { endpoint, region, accessKeyId, secretAccessKey } = site
  const credentials = { accessKeyId, secretAccessKey }
  const engine = await startEngine({
    dataDir: join(temp.path, 'data'),
    credentials: memoryCredentials(),
    config: configSchema.parse({
      version: 1,
      sites: [{ id: 'a', name: 'Site A', endpoint, region, credentials }],
      gateway: gatewayConfig,
    }),
    environment: {},
    log: () => {},
    demo: null,
    version: 'test',
  })
  return {
    endpoint: gatewayUrl(engine.api),
    region,
    ...clientKey,
    stop: async () => {
      await engine.stop()
      await site.close()
      await temp.remove()
    },
  }
}

for (const identity of ['mints', 'adopts-minio'] as const) {
  holdToPromises(
    `through the gateway, a sandbox that ${identity}`,
    () => sandboxBehindGateway(identity),
    // Clients are no replicators, and dots between slashes are refused: sites differ in what they make of them.
    [...clientPromises, ...listenPromises],
  )
}
