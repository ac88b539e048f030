import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3'
import { createSandboxSite, type SandboxSite } from '../electron/engine/sandbox/sandbox-site.ts'
import type { ConfigInput } from '../shared/model/config.ts'
import { newToken } from '../electron/serve/control-file.ts'
import { runTraffic, seededRandom } from './demo-traffic.ts'

// The demo's sample sites and their traffic, in a process of their own so that the console stays responsive. Forked by
// demo.ts, which it tells where everything is; it ends with its parent.

/** What demo.ts hears once everything is up. */
export interface DemoReady {
  readonly config: ConfigInput
  readonly controlUrl: string
  readonly targetSite: string
}

const bucket = 'atelier'
const changesPerSecond = 7
const existingObjects = 150

/** Where the engine will listen for clients, and the key of the one that there is. */
interface DemoGateway {
  readonly port: number
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

interface SampleSite extends SandboxSite {
  readonly id: string
}

async function startSite(dir: string, id: string): Promise<SampleSite> {
  const keys = { accessKeyId: `DEMO${id.toUpperCase()}`, secretAccessKey: newToken() }
  const site = await createSandboxSite({ dir: path.join(dir, id), ...keys })
  const s3 = clientOf(site)
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  s3.destroy()
  return { ...site, id }
}

function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: SandboxSite): S3Client {
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true })
}

function gatewayClient({ port, key }: DemoGateway, { region }: SampleSite): S3Client {
  const endpoint = `http://127.0.0.1:${port}`
  return new S3Client({ endpoint, region, credentials: key, forcePathStyle: true, maxAttempts: 1 })
}

function configOf(source: SampleSite, target: SampleSite, gateway: DemoGateway): ConfigInput {
  const site = ({ id, endpoint, accessKeyId, secretAccessKey }: SampleSite, name: string) => ({
    id,
    name,
    endpoint,
    credentials: { accessKeyId, secretAccessKey },
  })
  return {
    version: 1,
    sites: [site(source, 'Lisbon (sample)'), site(target, 'Oslo (sample)')],
    rules: [
      {
        id: 'atelier-to-oslo',
        source: { site: source.id, bucket },
        targets: [{ site: target.id, bucket }],
        versionDeletes: true,
        deleteBrake: null,
        overwriteBrake: null,
        scanIntervalSeconds: 60,
        ack: { policy: 'all', timeoutMs: 3000, onTimeout: 'degrade' },
      },
    ],
    gateway: { site: source.id, listen: `127.0.0.1:${gateway.port}`, keys: [gateway.key] },
  }
}

/** `POST /<secret>?broken=true|false` takes the target down or brings it back. */
async function startControl(target: SampleSite): Promise<string> {
  const secret = newToken()
  const server = createServer((request, response) => {
    const url = new URL(`http://demo${request.url ?? ''}`)
    const known = request.method === 'POST' && url.pathname === `/${secret}`
    response.statusCode = known ? 204 : 404
    const switched = known ? setBroken(target, url.searchParams.get('broken') === 'true') : Promise.resolve()
    switched.then(() => response.end()).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${portOf(server)}/${secret}`
}

function setBroken({ faults }: SampleSite, broken: boolean): Promise<void> {
  return broken ? faults.goOffline() : faults.goOnline()
}

/** A port that is free now: the traffic must know it before the engine listens there. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function run(dir: string): Promise<void> {
  const [source, target] = await Promise.all([startSite(dir, 'lisbon'), startSite(dir, 'oslo')])
  const controlUrl = await startControl(target)
  const key = { accessKeyId: 'demo-client', secretAccessKey: newToken() }
  const gateway = { port: await freePort(), key }
  const ready: DemoReady = { config: configOf(source, target, gateway), controlUrl, targetSite: target.id }
  const traffic = {
    s3: clientOf(source),
    gateway: gatewayClient(gateway, source),
    bucket,
    random: seededRandom(2026),
    changesPerSecond,
    delay: async (delayMs: number) => await delay(delayMs),
    signal: new AbortController().signal,
    whenSeeded: () => void process.send?.(JSON.stringify(ready)),
  }
  await runTraffic(traffic, existingObjects)
}

process.on('disconnect', () => process.exit(0))
// The terminal sends its interrupt to the whole group: the parent stops its engine first, and then this one ends.
process.on('SIGINT', () => undefined)
run(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`The sample sites stopped: ${error instanceof Error ? error.message : 'unknown error'}\n`)
  process.exit(1)
})
