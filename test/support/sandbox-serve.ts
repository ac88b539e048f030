import { createSandboxSite } from '../../electron/engine/sandbox/sandbox-site.ts'

/** `sandbox-serve.ts DIR mints|adopts-minio [PORT]`: a sandbox site in a process of its own; prints its endpoint as JSON. */
const [dir = '', identity, port = '0'] = process.argv.slice(2)
const site = await createSandboxSite({
  dir,
  port: Number(port),
  accessKeyId: 'SANDBOXACCESSKEY',
  secretAccessKey: 'sandbox/secret+key',
  identity: identity === 'adopts-minio' ? identity : 'mints',
})
const { endpoint, region, accessKeyId, secretAccessKey } = site
process.stdout.write(`${JSON.stringify({ endpoint, region, accessKeyId, secretAccessKey })}\n`)
